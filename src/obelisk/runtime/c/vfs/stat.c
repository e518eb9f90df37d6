/* Asking about paths and descriptors of the executable's own file system. See vfs/vfs.h.

   libc's stat and lstat call fstatat. */

#include "vfs/vfs.h"

#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "vfs/call.h"

#ifdef OBELISK_SNAPSHOT
#include "snapshot/snapshot.h"
#endif

int __real_fstat(int, struct stat *);
int __real_fstatat(int, const char *, struct stat *, int);
int __real_statx(int, const char *restrict, int, unsigned, struct statx *restrict);
int __real_access(const char *, int);
int __real_faccessat(int, const char *, int, int);
ssize_t __real_readlink(const char *, char *, size_t);
ssize_t __real_readlinkat(int, const char *, char *, size_t);
ssize_t __real_listxattr(const char *, char *, size_t);
ssize_t __real_llistxattr(const char *, char *, size_t);
ssize_t __real_getxattr(const char *, const char *, void *, size_t);
ssize_t __real_lgetxattr(const char *, const char *, void *, size_t);

int __wrap_fstat(int, struct stat *);
int __wrap_fstatat(int, const char *, struct stat *, int);
int __wrap_statx(int, const char *restrict, int, unsigned, struct statx *restrict);
int __wrap_access(const char *, int);
int __wrap_faccessat(int, const char *, int, int);
ssize_t __wrap_readlink(const char *, char *, size_t);
ssize_t __wrap_readlinkat(int, const char *, char *, size_t);
ssize_t __wrap_listxattr(const char *, char *, size_t);
ssize_t __wrap_llistxattr(const char *, char *, size_t);
ssize_t __wrap_getxattr(const char *, const char *, void *, size_t);
ssize_t __wrap_lgetxattr(const char *, const char *, void *, size_t);

static int
stat_found(const struct vfs_path *path, struct stat *answer)
{
    const struct payload_record *record;
    int error = vfs_get(path, &record);

    if (error) {
        return vfs_fail(error);
    }
    vfs_fill_stat(record, answer);
    return 0;
}

int
__wrap_fstat(int file, struct stat *answer)
{
    const struct payload_record *record = NULL;

    if (__real_fstat(file, answer) != 0) {
        return -1;
    }
    if (!S_ISREG(answer->st_mode)) {
        return 0;
    }
    if (!vfs_folder_of(answer, &record)) {
        record = vfs_content_of(file, answer);
        if (record == NULL) {
            return 0;
        }
    }
    vfs_fill_stat(record, answer);
    return 0;
}

/* The kernel does not follow a link at the end where a flag says so. */
static unsigned
how(int flags)
{
    return flags & AT_SYMLINK_NOFOLLOW ? VFS_NOFOLLOW : 0;
}

static bool
means_descriptor(int at, const char *path, int flags)
{
    return (flags & AT_EMPTY_PATH) && at >= 0 && (path == NULL || path[0] == '\0');
}

#ifdef OBELISK_SNAPSHOT
static int
stat_outside(int at, const char *path, struct stat *answer, int flags)
{
    int status = __real_fstatat(at, path, answer, flags);

    if (status == 0) {
        snapshot_hide_place(path, answer);
    }
    return status;
}
#else
#define stat_outside __real_fstatat
#endif

int
__wrap_fstatat(int at, const char *path, struct stat *answer, int flags)
{
    if (means_descriptor(at, path, flags)) {
        return __wrap_fstat(at, answer);
    }
    VFS_ANSWER(int, -1, how(flags), stat_outside(at, path, answer, flags), stat_found(&found, answer))
}

/* The kernel's newer form, which Rust's standard library asks for. */
static int
as_statx(const struct stat *plain, struct statx *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->stx_mask = STATX_BASIC_STATS;
    answer->stx_dev_major = major(plain->st_dev);
    answer->stx_dev_minor = minor(plain->st_dev);
    answer->stx_mode = (uint16_t)plain->st_mode;
    answer->stx_nlink = (uint32_t)plain->st_nlink;
    answer->stx_uid = plain->st_uid;
    answer->stx_gid = plain->st_gid;
    answer->stx_ino = plain->st_ino;
    answer->stx_blksize = (uint32_t)plain->st_blksize;
    answer->stx_size = (uint64_t)plain->st_size;
    answer->stx_blocks = (uint64_t)plain->st_blocks;
    answer->stx_atime.tv_sec = plain->st_atim.tv_sec;
    answer->stx_mtime.tv_sec = plain->st_mtim.tv_sec;
    answer->stx_ctime.tv_sec = plain->st_ctim.tv_sec;
    answer->stx_atime.tv_nsec = (uint32_t)plain->st_atim.tv_nsec;
    answer->stx_mtime.tv_nsec = (uint32_t)plain->st_mtim.tv_nsec;
    answer->stx_ctime.tv_nsec = (uint32_t)plain->st_ctim.tv_nsec;
    return 0;
}

static int
statx_found(const struct vfs_path *path, struct statx *answer)
{
    struct stat plain;

    return stat_found(path, &plain) == 0 ? as_statx(&plain, answer) : -1;
}

int
__wrap_statx(int at, const char *restrict path, int flags, unsigned mask,
             struct statx *restrict answer)
{
    struct stat plain;

    if (means_descriptor(at, path, flags) && vfs_is_open(at)) {
        return __wrap_fstat(at, &plain) == 0 ? as_statx(&plain, answer) : -1;
    }
    VFS_ANSWER(int, -1, how(flags), __real_statx(at, path, flags, mask, answer),
               statx_found(&found, answer))
}

static int
access_found(const struct vfs_path *path, int mode)
{
    struct stat answer;

    if (mode & ~(R_OK | W_OK | X_OK)) {
        return vfs_fail(EINVAL);
    }
    if (stat_found(path, &answer) != 0) {
        return -1;
    }
    if (mode & W_OK) {
        return vfs_fail(EROFS);
    }
    return (mode & X_OK) && !(answer.st_mode & 0111) ? vfs_fail(EACCES) : 0;
}

int
__wrap_access(const char *path, int mode)
{
    VFS_ANSWER_PLAIN(int, -1, 0, __real_access(path, mode), access_found(&found, mode))
}

int
__wrap_faccessat(int at, const char *path, int mode, int flags)
{
    VFS_ANSWER(int, -1, how(flags), __real_faccessat(at, path, mode, flags),
               access_found(&found, mode))
}

/* There are no links: what exists is not one. */
static int
readlink_found(const struct vfs_path *path)
{
    struct stat answer;

    return stat_found(path, &answer) == 0 ? vfs_fail(EINVAL) : -1;
}

ssize_t
__wrap_readlink(const char *path, char *link, size_t size)
{
    VFS_ANSWER_PLAIN(ssize_t, -1, VFS_NOFOLLOW, __real_readlink(path, link, size),
                     readlink_found(&found))
}

ssize_t
__wrap_readlinkat(int at, const char *path, char *link, size_t size)
{
    VFS_ANSWER(ssize_t, -1, VFS_NOFOLLOW, __real_readlinkat(at, path, link, size),
               readlink_found(&found))
}

/* There are no extended attributes. */
static int
xattr_found(const struct vfs_path *path)
{
    struct stat answer;

    return stat_found(path, &answer) == 0 ? vfs_fail(ENOTSUP) : -1;
}

ssize_t
__wrap_listxattr(const char *path, char *list, size_t size)
{
    VFS_ANSWER_PLAIN(ssize_t, -1, 0, __real_listxattr(path, list, size), xattr_found(&found))
}

ssize_t
__wrap_llistxattr(const char *path, char *list, size_t size)
{
    VFS_ANSWER_PLAIN(ssize_t, -1, VFS_NOFOLLOW, __real_llistxattr(path, list, size),
                     xattr_found(&found))
}

ssize_t
__wrap_getxattr(const char *path, const char *key, void *value, size_t size)
{
    VFS_ANSWER_PLAIN(ssize_t, -1, 0, __real_getxattr(path, key, value, size), xattr_found(&found))
}

ssize_t
__wrap_lgetxattr(const char *path, const char *key, void *value, size_t size)
{
    VFS_ANSWER_PLAIN(ssize_t, -1, VFS_NOFOLLOW, __real_lgetxattr(path, key, value, size),
                     xattr_found(&found))
}
