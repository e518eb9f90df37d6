/* Asking about paths of the executable's own file system. See vfs.h.

   Each tests the path's beginning and passes on to libc what is not below the executable. */

#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_stat(const char *, struct stat *);
int __real_lstat(const char *, struct stat *);
int __real_fstatat(int, const char *, struct stat *, int);
int __real_statx(int, const char *restrict, int, unsigned, struct statx *restrict);
int __real_access(const char *, int);
int __real_faccessat(int, const char *, int, int);
ssize_t __real_readlink(const char *, char *, size_t);
ssize_t __real_readlinkat(int, const char *, char *, size_t);
char *__real_realpath(const char *, char *);
ssize_t __real_listxattr(const char *, char *, size_t);
ssize_t __real_llistxattr(const char *, char *, size_t);
ssize_t __real_getxattr(const char *, const char *, void *, size_t);
ssize_t __real_lgetxattr(const char *, const char *, void *, size_t);

int __wrap_stat(const char *, struct stat *);
int __wrap_lstat(const char *, struct stat *);
int __wrap_fstatat(int, const char *, struct stat *, int);
int __wrap_statx(int, const char *restrict, int, unsigned, struct statx *restrict);
int __wrap_access(const char *, int);
int __wrap_faccessat(int, const char *, int, int);
ssize_t __wrap_readlink(const char *, char *, size_t);
ssize_t __wrap_readlinkat(int, const char *, char *, size_t);
char *__wrap_realpath(const char *, char *);
ssize_t __wrap_listxattr(const char *, char *, size_t);
ssize_t __wrap_llistxattr(const char *, char *, size_t);
ssize_t __wrap_getxattr(const char *, const char *, void *, size_t);
ssize_t __wrap_lgetxattr(const char *, const char *, void *, size_t);

void
vfs_fill_stat(const struct payload_record *record, struct stat *answer)
{
    bool folder = record == NULL || record->kind == PAYLOAD_FOLDER;
    uint64_t time = record ? record->time : (uint64_t)VFS_TIME * 1000000000;

    memset(answer, 0, sizeof(*answer));
    answer->st_mode = folder ? S_IFDIR | 0755 : S_IFREG | 0644;
    answer->st_nlink = 1;
    answer->st_ino = record ? vfs_inode(record) : 1;
    answer->st_blksize = 4096;
    answer->st_mtim.tv_sec = (time_t)(time / 1000000000);
    answer->st_mtim.tv_nsec = (long)(time % 1000000000);
    answer->st_atim = answer->st_mtim;
    answer->st_ctim = answer->st_mtim;
    if (!folder) {
        answer->st_size = (off_t)record->size;
        answer->st_blocks = (blkcnt_t)((record->size + 511) / 512);
    }
}

static int
fill_stat(const struct vfs_path *path, struct stat *answer)
{
    const struct payload_record *record = vfs_find(path);

    if (record == NULL && !vfs_is_folder(path, record)) {
        return vfs_fail(ENOENT);
    }
    vfs_fill_stat(record, answer);
    return 0;
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

/* As fill_stat, in the kernel's newer form, which Rust's standard library asks for. */
static int
fill_statx(const struct vfs_path *path, struct statx *answer)
{
    struct stat plain;

    if (fill_stat(path, &plain) != 0) {
        return -1;
    }
    memset(answer, 0, sizeof(*answer));
    answer->stx_mask = STATX_BASIC_STATS;
    answer->stx_mode = (uint16_t)plain.st_mode;
    answer->stx_nlink = (uint32_t)plain.st_nlink;
    answer->stx_ino = plain.st_ino;
    answer->stx_blksize = (uint32_t)plain.st_blksize;
    answer->stx_size = (uint64_t)plain.st_size;
    answer->stx_blocks = (uint64_t)plain.st_blocks;
    answer->stx_mtime.tv_sec = plain.st_mtim.tv_sec;
    answer->stx_mtime.tv_nsec = (uint32_t)plain.st_mtim.tv_nsec;
    answer->stx_atime = answer->stx_mtime;
    answer->stx_ctime = answer->stx_mtime;
    return 0;
}

int
__wrap_statx(int folder, const char *restrict name, int flags, unsigned mask,
             struct statx *restrict answer)
{
    struct vfs_path path;

    if (vfs_below(name, &path)) {
        return fill_statx(&path, answer);
    }
    return __real_statx(folder, name, flags, mask, answer);
}

static int
answer_access(const struct vfs_path *path, int mode)
{
    struct stat answer;

    if (fill_stat(path, &answer) != 0) {
        return -1;
    }
    if (mode & W_OK) {
        return vfs_fail(EROFS);
    }
    return (mode & X_OK) && !S_ISDIR(answer.st_mode) ? vfs_fail(EACCES) : 0;
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

    return fill_stat(path, &answer) == 0 ? vfs_fail(EINVAL) : -1;
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

    return vfs_below(name, &path) ? vfs_fail(ENOTSUP) : __real_listxattr(name, list, size);
}

ssize_t
__wrap_llistxattr(const char *name, char *list, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? vfs_fail(ENOTSUP) : __real_llistxattr(name, list, size);
}

ssize_t
__wrap_getxattr(const char *name, const char *key, void *value, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? vfs_fail(ENOTSUP) : __real_getxattr(name, key, value, size);
}

ssize_t
__wrap_lgetxattr(const char *name, const char *key, void *value, size_t size)
{
    struct vfs_path path;

    return vfs_below(name, &path) ? vfs_fail(ENOTSUP) : __real_lgetxattr(name, key, value, size);
}
