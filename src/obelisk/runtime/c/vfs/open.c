/* Opening files and folders of the executable's own file system. See vfs/vfs.h.

   Errors come in the order in which Linux finds them for a file on a read-only disk. */

#include "vfs/vfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfs/call.h"
#include "vfs/content.h"
#include "vfs/memory.h"

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);

/* musl's O_ACCMODE has O_PATH in it. */
static bool
writes(int flags)
{
    return (flags & (O_WRONLY | O_RDWR | O_TRUNC)) != 0;
}

/* Make a descriptor one that nothing can be read from (O_PATH), where there is /proc. */
static int
as_place(int file, int flags)
{
    int place = file < 0 ? -1 : vfs_memory_reopen(file, O_PATH);

    if (place >= 0 && !(flags & O_CLOEXEC)) {
        fcntl(place, F_SETFD, 0);
    }
    return place;
}

static int
open_existing(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    bool folder = vfs_is_folder(record);
    int file;

    if ((flags & O_CREAT) && (flags & O_EXCL)) {
        return vfs_fail(EEXIST);
    }
    if (folder && ((flags & O_CREAT) || writes(flags))) {
        return vfs_fail(EISDIR);
    }
    if (!folder && (flags & O_DIRECTORY)) {
        return vfs_fail(ENOTDIR);
    }
    if (writes(flags)) {
        return vfs_fail(EROFS);
    }
    if (!folder) {
        return vfs_open_content(path, record, flags);
    }
    file = vfs_open_folder(path, record, flags);
    return flags & O_PATH ? as_place(file, flags) : file;
}

/* A file that is to be made: its folder must be there. */
static int
refuse_new(const struct vfs_path *path, int error)
{
    if (error == ENAMETOOLONG || !vfs_is_in_folder(path)) {
        return vfs_fail(error);
    }
    return vfs_fail(path->folder ? EISDIR : EROFS);
}

static int
open_found(const struct vfs_path *path, int flags)
{
    const struct payload_record *record;
    int error;

    if (flags & O_PATH) {
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    }
    if ((flags & O_CREAT) && (flags & O_DIRECTORY)) {
        return vfs_fail(EINVAL);
    }
    error = vfs_get(path, &record);
    if (error == 0 && (flags & O_TMPFILE) == O_TMPFILE) {
        error = !vfs_is_folder(record) ? ENOTDIR : writes(flags) ? EROFS : EINVAL;
    }
    if (error) {
        return flags & O_CREAT ? refuse_new(path, error) : vfs_fail(error);
    }
    return open_existing(path, record, flags);
}

/* How a path is looked up: a folder may be meant, and a link at its end not be followed. */
static unsigned
how(int flags)
{
    bool itself = (flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL));

    return (flags & O_DIRECTORY ? VFS_WHOLE : 0U) | (itself ? VFS_NOFOLLOW : 0U);
}

/* A file of ours that was opened once more, through /proc. */
static int
opened(int file, int flags)
{
    bool is_shared = file >= 0 && !(flags & O_CLOEXEC) && atomic_load(&vfs_large_count) > 0;

    return is_shared ? vfs_large_keep(file) : file;
}

static int
open_path(const char *path, int flags, mode_t mode)
{
    VFS_ANSWER_PLAIN(int, -1, how(flags), __real_open(path, flags, mode), open_found(&found, flags))
}

int
__wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(open_path(path, flags, mode), flags);
}

static int
open_path_at(int at, const char *path, int flags, mode_t mode)
{
    VFS_ANSWER(int, -1, how(flags), __real_openat(at, path, flags, mode), open_found(&found, flags))
}

int
__wrap_openat(int at, const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(open_path_at(at, path, flags, mode), flags);
}

/* The flags of open(2) that fopen(3) has for a mode. */
static int
flags_of(const char *mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

    flags |= strchr(mode, 'x') ? O_EXCL : 0;
    flags |= strchr(mode, 'e') ? O_CLOEXEC : 0;
    flags |= *mode == 'r' ? 0 : *mode == 'w' ? O_CREAT | O_TRUNC : O_CREAT | O_APPEND;
    return flags;
}

static FILE *
fopen_found(const struct vfs_path *path, const char *mode)
{
    FILE *stream;
    int file;

    if (mode[0] == '\0' || strchr("rwa", mode[0]) == NULL) {
        errno = EINVAL;
        return NULL;
    }
    file = open_found(path, flags_of(mode));
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

FILE *
__wrap_fopen(const char *path, const char *mode)
{
    VFS_ANSWER_PLAIN(FILE *, NULL, 0, __real_fopen(path, mode), fopen_found(&found, mode))
}
