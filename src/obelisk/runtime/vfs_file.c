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

#include "os.h"

/* Bytes: what memfd_create(2) takes. */
#define MEMORY_NAME_MAX 249

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);

static bool
write_all(int file, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (uint64_t)written;
    }
    return true;
}

static bool
copy_record(int file, const struct payload_record *record)
{
    void *expanded;
    bool done;

    if (!payload_intact(vfs_payload(), record)) {
        os_die(OS_EXIT_DAMAGED, "this executable is damaged: a file in it is not as it was built");
    }
    if (!record->compressed) {
        return write_all(file, payload_bytes(vfs_payload(), record), record->stored);
    }
    expanded = malloc(record->size + 1);
    if (expanded == NULL) {
        return false;
    }
    done = payload_expand(vfs_payload(), record, expanded) && write_all(file, expanded, record->size);
    free(expanded);
    return done;
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
    if (!copy_record(file, record) || lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        return vfs_fail(ENOMEM);
    }
    fchmod(file, 0644);
    futimens(file, times);
    fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
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
        close(file);
    }
    return stream;
}
