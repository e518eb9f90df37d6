/* Calls on files of the executable's own file system. See vfs.h.

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

/* The earliest time that zip archives can hold, 1980-01-01: the files have no time of their own. */
#define FILE_TIME 315532800

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);
int __real_stat(const char *, struct stat *);
int __real_lstat(const char *, struct stat *);
int __real_fstatat(int, const char *, struct stat *, int);
int __real_access(const char *, int);
int __real_faccessat(int, const char *, int, int);
ssize_t __real_readlink(const char *, char *, size_t);
ssize_t __real_readlinkat(int, const char *, char *, size_t);
char *__real_realpath(const char *, char *);
ssize_t __real_listxattr(const char *, char *, size_t);
ssize_t __real_llistxattr(const char *, char *, size_t);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);
int __wrap_stat(const char *, struct stat *);
int __wrap_lstat(const char *, struct stat *);
int __wrap_fstatat(int, const char *, struct stat *, int);
int __wrap_access(const char *, int);
int __wrap_faccessat(int, const char *, int, int);
ssize_t __wrap_readlink(const char *, char *, size_t);
ssize_t __wrap_readlinkat(int, const char *, char *, size_t);
char *__wrap_realpath(const char *, char *);
ssize_t __wrap_listxattr(const char *, char *, size_t);
ssize_t __wrap_llistxattr(const char *, char *, size_t);

static int
fail(int error)
{
    errno = error;
    return -1;
}

static int
fill_stat(const struct vfs_path *path, struct stat *answer)
{
    const struct payload_record *record = vfs_find(path);
    bool folder = vfs_is_folder(path, record);

    if (record == NULL && !folder) {
        return fail(ENOENT);
    }
    memset(answer, 0, sizeof(*answer));
    answer->st_mode = folder ? S_IFDIR | 0755 : S_IFREG | 0644;
    answer->st_nlink = 1;
    answer->st_ino = record ? vfs_inode(record) : 1;
    answer->st_blksize = 4096;
    answer->st_mtim.tv_sec = FILE_TIME;
    answer->st_atim.tv_sec = FILE_TIME;
    answer->st_ctim.tv_sec = FILE_TIME;
    if (!folder) {
        answer->st_size = (off_t)record->size;
        answer->st_blocks = (blkcnt_t)((record->size + 511) / 512);
    }
    return 0;
}

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

static int
open_file(const struct vfs_path *path, int flags)
{
    const struct payload_record *record = vfs_find(path);
    int file;

    if (vfs_is_folder(path, record)) {
        /* A descriptor of a folder would need a kernel that knows it. */
        return fail((flags & O_ACCMODE) == O_RDONLY ? EACCES : EISDIR);
    }
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)) {
        return fail(EROFS);
    }
    if (record == NULL) {
        return fail(flags & O_CREAT ? EROFS : ENOENT);
    }
    if (flags & O_DIRECTORY) {
        return fail(ENOTDIR);
    }
    file = memfd_create(path->text, MFD_ALLOW_SEALING | (flags & O_CLOEXEC ? MFD_CLOEXEC : 0U));
    if (file < 0) {
        return -1;
    }
    if (!copy_record(file, record) || lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        return fail(ENOMEM);
    }
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

int
__wrap_stat(const char *name, struct stat *answer)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? fill_stat(&path, answer) : __real_stat(name, answer);
}

int
__wrap_lstat(const char *name, struct stat *answer)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? fill_stat(&path, answer) : __real_lstat(name, answer);
}

int
__wrap_fstatat(int folder, const char *name, struct stat *answer, int flags)
{
    struct vfs_path path;

    if (vfs_below(name, &path)) {
        return fill_stat(&path, answer);
    }
    return __real_fstatat(folder, name, answer, flags);
}

static int
answer_access(const struct vfs_path *path, int mode)
{
    struct stat answer;

    if (fill_stat(path, &answer) != 0) {
        return -1;
    }
    if (mode & W_OK) {
        return fail(EROFS);
    }
    return (mode & X_OK) && !S_ISDIR(answer.st_mode) ? fail(EACCES) : 0;
}

int
__wrap_access(const char *name, int mode)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? answer_access(&path, mode) : __real_access(name, mode);
}

int
__wrap_faccessat(int folder, const char *name, int mode, int flags)
{
    struct vfs_path path;

    if (vfs_below(name, &path)) {
        return answer_access(&path, mode);
    }
    return __real_faccessat(folder, name, mode, flags);
}

/* There are no links: what exists is not one. */
static int
answer_readlink(const struct vfs_path *path)
{
    struct stat answer;

    return fill_stat(path, &answer) == 0 ? fail(EINVAL) : -1;
}

ssize_t
__wrap_readlink(const char *name, char *link, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? answer_readlink(&path) : __real_readlink(name, link, size);
}

ssize_t
__wrap_readlinkat(int folder, const char *name, char *link, size_t size)
{
    struct vfs_path path;

    if (vfs_below(name, &path)) {
        return answer_readlink(&path);
    }
    return __real_readlinkat(folder, name, link, size);
}

char *
__wrap_realpath(const char *name, char *resolved)
{
    struct vfs_path path;
    struct stat answer;
    char full[PATH_MAX];

    if (!vfs_below(name, &path)) {
        return __real_realpath(name, resolved);
    }
    if (fill_stat(&path, &answer) != 0) {
        return NULL;
    }
    snprintf(full, sizeof(full), "%s/%s", vfs_root(), path.text);
    return resolved ? strcpy(resolved, full) : strdup(full);
}

ssize_t
__wrap_listxattr(const char *name, char *list, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? fail(ENOTSUP) : __real_listxattr(name, list, size);
}

ssize_t
__wrap_llistxattr(const char *name, char *list, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? fail(ENOTSUP) : __real_llistxattr(name, list, size);
}
