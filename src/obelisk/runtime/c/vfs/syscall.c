/* syscall(2) on large files: Rust's standard library and others make some calls by number. See
   vfs/content.h. */

#include "vfs/content.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

long __real_syscall(long, ...);
long __wrap_syscall(long, ...);

/* Make a call on which vfs/large.c or vfs/inherit.c has a say by its name. */
static long
by_name(long number, const long given[6])
{
    switch (number) {
    case SYS_read:
        return read((int)given[0], (void *)given[1], (size_t)given[2]);
    case SYS_pread64:
        return pread((int)given[0], (void *)given[1], (size_t)given[2], given[3]);
    case SYS_readv:
        return readv((int)given[0], (const struct iovec *)given[1], (int)given[2]);
    case SYS_preadv:
        return preadv((int)given[0], (const struct iovec *)given[1], (int)given[2], given[3]);
    case SYS_preadv2:
        return preadv2((int)given[0], (const struct iovec *)given[1], (int)given[2], given[3],
                       (int)given[5]);
    case SYS_mmap:
        return (long)mmap((void *)given[0], (size_t)given[1], (int)given[2], (int)given[3],
                          (int)given[4], given[5]);
    case SYS_sendfile:
        return sendfile((int)given[0], (int)given[1], (off_t *)given[2], (size_t)given[3]);
    case SYS_copy_file_range:
        return copy_file_range((int)given[0], (off_t *)given[1], (int)given[2],
                               (off_t *)given[3], (size_t)given[4], (unsigned)given[5]);
    case SYS_splice:
        return splice((int)given[0], (off_t *)given[1], (int)given[2], (off_t *)given[3],
                      (size_t)given[4], (unsigned)given[5]);
    case SYS_lseek:
        return lseek((int)given[0], given[1], (int)given[2]);
    case SYS_dup:
        return dup((int)given[0]);
#ifdef SYS_dup2 /* newer machines have dup3 alone */
    case SYS_dup2:
        return dup2((int)given[0], (int)given[1]);
#endif
    case SYS_dup3:
        return dup3((int)given[0], (int)given[1], (int)given[2]);
    case SYS_fcntl:
        return fcntl((int)given[0], (int)given[1], given[2]);
    case SYS_ioctl:
        return ioctl((int)given[0], (int)given[1], given[2]);
    case SYS_sendmsg:
        return sendmsg((int)given[0], (const struct msghdr *)given[1], (int)given[2]);
    default:
        return __real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
    }
}

long
__wrap_syscall(long number, ...)
{
    long given[6];
    va_list rest;

    va_start(rest, number);
    for (int i = 0; i < 6; i++) {
        given[i] = va_arg(rest, long);
    }
    va_end(rest);
    if (atomic_load(&vfs_large_count) > 0) {
        return by_name(number, given);
    }
    return __real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
