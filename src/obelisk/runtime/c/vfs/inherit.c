/* Descriptors of large files that another program will read are filled before. See vfs/content.h.

   Where a descriptor stays open across `execve`, or goes to another process, it was made to: by `dup2`,
   by taking away close-on-exec, in a message. A large file that is merely opened or duplicated is
   closed then, whatever was asked for. */

#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int __real_dup(int);
int __real_dup2(int, int);
int __real_dup3(int, int, int);
int __real___dup3(int, int, int);
int __real_fcntl(int, int, ...);
int __real_ioctl(int, int, ...);
int __real_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int, int);
ssize_t __real_sendmsg(int, const struct msghdr *, int);

int __wrap_dup(int);
int __wrap_dup2(int, int);
int __wrap_dup3(int, int, int);
int __wrap___dup3(int, int, int);
int __wrap_fcntl(int, int, ...);
int __wrap_ioctl(int, int, ...);
int __wrap_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int, int);
ssize_t __wrap_sendmsg(int, const struct msghdr *, int);

/* Let a descriptor be read by whoever has it. Returns 0, or -1 with errno. */
static int
expose(int file)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    return large ? vfs_large_fill(large, file) : 0;
}

int
vfs_large_keep(int file)
{
    const struct vfs_large *large = NULL;
    int status = file < 0 ? -1 : vfs_large_of(file, &large);

    if (large != NULL) {
        status = file > STDERR_FILENO ? __real_fcntl(file, F_SETFD, FD_CLOEXEC)
                                      : vfs_large_fill(large, file);
    }
    if (status != 0 && file >= 0) {
        int error = errno;
        close(file);
        errno = error;
    }
    return status == 0 ? file : -1;
}

int
__wrap_dup(int file)
{
    return vfs_large_keep(__real_dup(file));
}

int
__wrap_dup2(int file, int into)
{
    return expose(file) == 0 ? __real_dup2(file, into) : -1;
}

int
__wrap_dup3(int file, int into, int flags)
{
    return (flags & O_CLOEXEC) || expose(file) == 0 ? __real_dup3(file, into, flags) : -1;
}

/* What `freopen` calls. */
int
__wrap___dup3(int file, int into, int flags)
{
    return (flags & O_CLOEXEC) || expose(file) == 0 ? __real___dup3(file, into, flags) : -1;
}

int
__wrap_fcntl(int file, int command, ...)
{
    unsigned long argument;
    va_list rest;

    va_start(rest, command);
    argument = va_arg(rest, unsigned long);
    va_end(rest);
    if (command == F_SETFD && !(argument & FD_CLOEXEC) && expose(file) != 0) {
        return -1;
    }
    if (command == F_DUPFD) {
        return vfs_large_keep(__real_fcntl(file, command, argument));
    }
    return __real_fcntl(file, command, argument);
}

int
__wrap_ioctl(int file, int request, ...)
{
    void *argument;
    va_list rest;

    va_start(rest, request);
    argument = va_arg(rest, void *);
    va_end(rest);
    if (request == FIONCLEX && expose(file) != 0) {
        return -1;
    }
    return __real_ioctl(file, request, argument);
}

int
__wrap_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int file, int into)
{
    /* It may be opened by an action before this one. */
    if (expose(file) != 0 && errno != EBADF) {
        return errno;
    }
    return __real_posix_spawn_file_actions_adddup2(actions, file, into);
}

/* Fill what a control message of `size` bytes carries. */
static int
expose_rights(const unsigned char *content, size_t size)
{
    for (size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
        int file;
        memcpy(&file, content + at, sizeof(file));
        if (expose(file) != 0) {
            return -1;
        }
    }
    return 0;
}

/* musl's CMSG_NXTHDR compares numbers of different signs. */
static int
expose_message(const struct msghdr *message)
{
    const unsigned char *control = message->msg_control;
    size_t left = control ? message->msg_controllen : 0;

    while (left >= sizeof(struct cmsghdr)) {
        struct cmsghdr header;
        size_t step;
        memcpy(&header, control, sizeof(header));
        if (header.cmsg_len < sizeof(header) || header.cmsg_len > left) {
            break;
        }
        if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS
            && expose_rights(control + sizeof(header), header.cmsg_len - sizeof(header)) != 0) {
            return -1;
        }
        step = CMSG_ALIGN(header.cmsg_len);
        if (step >= left) {
            break;
        }
        control += step;
        left -= step;
    }
    return 0;
}

ssize_t
__wrap_sendmsg(int socket, const struct msghdr *message, int flags)
{
    if (atomic_load(&vfs_large_count) > 0 && expose_message(message) != 0) {
        return -1;
    }
    return __real_sendmsg(socket, message, flags);
}
