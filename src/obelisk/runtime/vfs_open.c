/* Opening files of the executable's own file system. See vfs.h.

   Each tests the path's beginning and passes on to libc what is not below the executable. */

#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);

static int
open_file(const struct vfs_path *path, int flags)
{
    const struct payload_record *record = vfs_find(path);

    if (vfs_is_folder(path, record)) {
        /* A descriptor of a folder would need a kernel that knows it. */
        return vfs_fail(EISDIR);
    }
    /* musl's O_ACCMODE has O_PATH in it. */
    if ((flags & (O_WRONLY | O_RDWR)) || (flags & O_TRUNC)) {
        return vfs_fail(EROFS);
    }
    if (record == NULL) {
        return vfs_fail(flags & O_CREAT ? EROFS : ENOENT);
    }
    if (flags & O_DIRECTORY) {
        return vfs_fail(ENOTDIR);
    }
    return vfs_open_content(path, record, flags);
}

int
__wrap_open(const char *name, int flags, ...)
{
    struct vfs_path path;
    va_list rest;
    mode_t mode;

    if (vfs_below(name, &path)) {
        return open_file(&path, flags);
    }
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return __real_open(name, flags, mode);
}

int
__wrap_openat(int folder, const char *name, int flags, ...)
{
    struct vfs_path path;
    va_list rest;
    mode_t mode;

    if (vfs_below(name, &path)) {
        return open_file(&path, flags);
    }
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return __real_openat(folder, name, flags, mode);
}

FILE *
__wrap_fopen(const char *name, const char *mode)
{
    struct vfs_path path;
    FILE *stream;
    int file;

    if (!vfs_below(name, &path)) {
        return __real_fopen(name, mode);
    }
    if (mode[0] != 'r' || strchr(mode, '+') != NULL) {
        errno = EROFS;
        return NULL;
    }
    file = open_file(&path, O_RDONLY | (strchr(mode, 'e') ? O_CLOEXEC : 0));
    if (file < 0) {
        return NULL;
    }
    stream = fdopen(file, mode);
    if (stream == NULL) {
        int error = errno;
        close(file);
        errno = error;
    }
    return stream;
}
