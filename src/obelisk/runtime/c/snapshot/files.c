/* What modules see of files while a snapshot is made, without what only the builder's machine has: when files
   were made, and where the executable lies. Which files they ask for is noted: other machines have others.
   Functions here take the place of libc's. */

#include "snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "snapshot/machine.h"
#include "snapshot/stack.h"

#define TIME 315705600 /* as VFS_TOP_TIME */

/* Of musl, hidden; its fstat and fstatat are weak names of them. */
int __fstat(int, struct stat *);
int __fstatat(int, const char *restrict, struct stat *restrict, int);

long __syscall_cp(long, long, long, long, long, long, long);
int __fmodeflags(const char *);
FILE *__fdopen(int, const char *);

/* Say whether a path is that below which modules are, or leads there: links that are other ones in each
   process. While a snapshot is made they are none, so that nobody follows them. */
static bool
is_own(const char *path)
{
    return snapshot_is_preparing() && path != NULL
           && (strcmp(path, SNAPSHOT_ROOT) == 0 || strcmp(path, "/proc/self") == 0);
}

void
snapshot_hide_place(const char *path, struct stat *facts)
{
    if (is_own(path)) {
        facts->st_dev = facts->st_ino = 1;
    }
}

static int
without_place(int status, int file, struct stat *facts)
{
    if (status != 0 || !snapshot_is_preparing()) {
        return status;
    }
    facts->st_atim = facts->st_ctim = (struct timespec){TIME, 0};
    if (facts->st_nlink != 0) { /* a nameless file may be one of the executable's (vfs/folder.c) */
        facts->st_mtim = facts->st_atim;
    }
    if (file >= 0 && file <= STDERR_FILENO) { /* the builder's, whatever they are */
        *facts = (struct stat){.st_mode = S_IFCHR | 0666, .st_nlink = 1, .st_blksize = 4096};
    }
    return status;
}

static int
answered(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (int)result;
}

/* Note which path was asked for; `kind` is of one that is there. */
__attribute__((noinline)) static void
note_path(int at, const char *path, const char *kind, long result)
{
    char whole[PATH_MAX + NAME_MAX];
    long size = 0;

    if (path == NULL || *path == '\0' || is_own(path)) {
        return;
    }
    if (result < 0) {
        if (result != -ENOENT && result != -ENOTDIR) {
            return;
        }
        kind = "absent";
    }
    if (*path == '/') {
        snapshot_note(kind, path, NULL);
        return;
    }
    if (at == AT_FDCWD) {
        snapshot_note("cwd", NULL, NULL);
        return;
    }
    snprintf(whole, sizeof(whole), "/proc/self/fd/%d", at);
    size = machine_call(SYS_readlink, (long)whole, (long)whole, PATH_MAX, 0, 0, 0);
    if (size > 0 && strlen(path) + 2 <= sizeof(whole) - (size_t)size) {
        whole[size] = '/';
        strcpy(whole + size + 1, path);
        snapshot_note(kind, whole, NULL);
    }
}

static void
note(int at, const char *path, const char *kind, long result)
{
    if (snapshot_is_preparing()) {
        stack_clear();
        note_path(at, path, kind, result);
    }
}

static int
opened(int at, const char *path, int flags, long result)
{
    static const char descriptors[] = "/proc/self/fd/"; /* how one is opened again (vfs/memory.c) */
    bool is_written = (flags & O_CREAT) || (flags & (O_WRONLY | O_RDWR));

    if ((flags & O_TMPFILE) == O_TMPFILE || strncmp(path, descriptors, sizeof(descriptors) - 1) == 0) {
        return answered(result); /* of what has no name */
    }
    note(at, path, is_written ? "written" : flags & O_PATH ? "found" : "file", result);
    return answered(result);
}

static bool
makes(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

/* What of a machine is read once, and would stay in memory. The configuration of its OpenSSL is read by the
   process that goes on (module.c); the others are those by which mimalloc finds out how the kernel promises
   memory, and whether it belongs to several nodes of processors. */
static bool
is_hidden(const char *path)
{
    static const char *const ends[] = {"/openssl.cnf", "/proc/sys/vm/overcommit_memory",
                                       "/sys/devices/system/node/node1"};
    size_t size = snapshot_is_preparing() ? strlen(path) : 0;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t length = strlen(ends[i]);
        if (size >= length && strcmp(path + size - length, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Say whether a file has the names of a machine's users: what libc reads of it would stay in memory. */
static bool
has_users(const char *path)
{
    return snapshot_is_preparing() && (strcmp(path, "/etc/passwd") == 0 || strcmp(path, "/etc/group") == 0);
}

/* Open a file of users in which there is one, who has no home. */
static int
open_users(const char *path)
{
    int file = memfd_create("users", MFD_CLOEXEC);

    snapshot_note("user", NULL, NULL);
    if (file >= 0) {
        if (strcmp(path, "/etc/group") == 0) {
            dprintf(file, "user:x:%lu:\n", getauxval(AT_GID));
        }
        else {
            dprintf(file, "user:x:%lu:%lu::/:/bin/sh\n", getauxval(AT_UID), getauxval(AT_GID));
        }
        lseek(file, 0, SEEK_SET);
    }
    return file;
}

int
open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list rest;

    if (makes(flags)) {
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (is_hidden(path)) {
        return answered(-ENOENT);
    }
    if (has_users(path)) {
        return open_users(path);
    }
    return opened(AT_FDCWD, path, flags,
                  __syscall_cp(SYS_open, (long)path, flags | O_LARGEFILE, mode, 0, 0, 0));
}

int
openat(int at, const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list rest;

    if (makes(flags)) {
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return opened(at, path, flags,
                  __syscall_cp(SYS_openat, at, (long)path, flags | O_LARGEFILE, mode, 0, 0));
}

FILE *
fopen(const char *restrict path, const char *restrict mode)
{
    FILE *stream;
    int file;

    if (strchr("rwa", *mode) == NULL || *mode == '\0') {
        errno = EINVAL;
        return NULL;
    }
    file = open(path, __fmodeflags(mode), 0666);
    stream = file < 0 ? NULL : __fdopen(file, mode);
    if (file >= 0 && stream == NULL) {
        machine_call(SYS_close, file, 0, 0, 0, 0, 0);
    }
    return stream;
}

int
access(const char *path, int mode)
{
    long result = is_hidden(path) ? -ENOENT : machine_call(SYS_access, (long)path, mode, 0, 0, 0, 0);

    note(AT_FDCWD, path, "found", result);
    return answered(result);
}

int
mkdir(const char *path, mode_t mode)
{
    long result = machine_call(SYS_mkdir, (long)path, mode, 0, 0, 0, 0);

    note(AT_FDCWD, path, result == 0 ? "written" : "found", result);
    return answered(result);
}

int
fstat(int file, struct stat *facts)
{
    return without_place(__fstat(file, facts), file, facts);
}

int
fstatat(int folder, const char *restrict path, struct stat *restrict facts, int flags)
{
    int error = errno;
    int status;

    if (is_own(path)) {
        flags &= ~AT_SYMLINK_NOFOLLOW;
    }
    status = __fstatat(folder, path, facts, flags);
    error = status == 0 ? error : errno;
    note(folder, path, "found", status == 0 ? 0 : -error);
    errno = error;
    return without_place(status, -1, facts);
}

ssize_t
readlink(const char *restrict path, char *restrict text, size_t size)
{
    char none[1];
    long result = is_own(path) ? -EINVAL
                               : machine_call(SYS_readlink, (long)path, (long)(size ? text : none),
                                              (long)(size ? size : sizeof(none)), 0, 0, 0);

    return answered(size || result < 0 ? result : 0);
}
