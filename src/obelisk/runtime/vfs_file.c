/* Opening files of the executable's own file system. See vfs.h.

   Each tests the path's beginning and passes on to libc what is not below the executable. */

#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes: what memfd_create(2) takes. */
#define MEMORY_NAME_MAX 249

/* The content of an open file stays as it is, whoever has its descriptor. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);

static int
write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static int
copy_record(int file, const struct payload_record *record)
{
    struct payload_span bytes;
    void *expanded;
    int status;

    if (!record->compressed) {
        bytes = payload_stored(vfs_payload(), record);
        return write_all(file, bytes.start, bytes.size);
    }
    expanded = malloc(record->size + 1);
    if (expanded == NULL) {
        return -1;
    }
    status = payload_expand(vfs_payload(), record, expanded);
    status = status ? vfs_fail(status) : write_all(file, expanded, record->size);
    free(expanded);
    return status;
}

/* The end of a path that is not longer than the name of a memory file may be. */
static const char *
shown_name(const struct vfs_path *path)
{
    return path->size > MEMORY_NAME_MAX ? path->text + path->size - MEMORY_NAME_MAX : path->text;
}

static int
open_file(const struct vfs_path *path, int flags)
{
    const struct timespec times[2] = {{VFS_TIME, 0}, {VFS_TIME, 0}};
    const struct payload_record *record = vfs_find(path);
    int file;

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
    file = memfd_create(shown_name(path),
                        MFD_ALLOW_SEALING | (flags & O_CLOEXEC ? MFD_CLOEXEC : 0U));
    if (file < 0) {
        return -1;
    }
    if (copy_record(file, record) != 0 || lseek(file, 0, SEEK_SET) != 0 || fchmod(file, 0644) != 0
        || futimens(file, times) != 0 || fcntl(file, F_ADD_SEALS, SEALS) != 0) {
        int error = errno;
        close(file);
        return vfs_fail(error);
    }
    return file;
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
