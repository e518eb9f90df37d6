/* The executable's own file system cannot be written to: EROFS for all that would. See vfs.h.

   What is missing cannot be changed either (ENOENT), and what exists not be made (EEXIST). */

#include "vfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

static int
refuse_change(const char *name)
{
    return vfs_fail(vfs_exists(name) ? EROFS : ENOENT);
}

static int
refuse_creation(const char *name)
{
    return vfs_fail(vfs_exists(name) ? EEXIST : EROFS);
}

/* Something would be moved or linked: what it is now, or will be, is ours. */
static int
refuse_move(const char *from)
{
    return vfs_begins(from) ? refuse_change(from) : vfs_fail(EROFS);
}

/* A call whose arguments are `parameters`, passed on as `arguments` unless a path of it `is_ours`. */
#define READ_ONLY(name, parameters, arguments, ...) READ_ONLY_(name, parameters, arguments, __VA_ARGS__)
#define READ_ONLY_(name, parameters, arguments, is_ours, refusal)                                  \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
                                                                                                   \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return (is_ours) ? (refusal) : __real_##name arguments;                                    \
    }

#define CHANGES(path) vfs_begins(path), refuse_change(path)
#define CREATES(path) vfs_begins(path), refuse_creation(path)
#define MOVES(from, to) vfs_begins(from) || vfs_begins(to), refuse_move(from)

READ_ONLY(mkdir, (const char *path, mode_t mode), (path, mode), CREATES(path))
READ_ONLY(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), CREATES(path))
READ_ONLY(mkfifo, (const char *path, mode_t mode), (path, mode), CREATES(path))
READ_ONLY(mkfifoat, (int at, const char *path, mode_t mode), (at, path, mode), CREATES(path))
READ_ONLY(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device), CREATES(path))
READ_ONLY(mknodat, (int at, const char *path, mode_t mode, dev_t device),
          (at, path, mode, device), CREATES(path))
READ_ONLY(rmdir, (const char *path), (path), CHANGES(path))
READ_ONLY(unlink, (const char *path), (path), CHANGES(path))
READ_ONLY(unlinkat, (int at, const char *path, int flags), (at, path, flags), CHANGES(path))
READ_ONLY(remove, (const char *path), (path), CHANGES(path))
READ_ONLY(rename, (const char *from, const char *to), (from, to), MOVES(from, to))
READ_ONLY(renameat, (int at, const char *from, int into, const char *to), (at, from, into, to),
          MOVES(from, to))
READ_ONLY(link, (const char *from, const char *to), (from, to), MOVES(from, to))
READ_ONLY(linkat, (int at, const char *from, int into, const char *to, int flags),
          (at, from, into, to, flags), MOVES(from, to))
READ_ONLY(symlink, (const char *content, const char *path), (content, path), CREATES(path))
READ_ONLY(symlinkat, (const char *content, int at, const char *path), (content, at, path),
          CREATES(path))
READ_ONLY(truncate, (const char *path, off_t size), (path, size), CHANGES(path))
READ_ONLY(chmod, (const char *path, mode_t mode), (path, mode), CHANGES(path))
READ_ONLY(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags),
          CHANGES(path))
READ_ONLY(chown, (const char *path, uid_t user, gid_t group), (path, user, group), CHANGES(path))
READ_ONLY(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), CHANGES(path))
READ_ONLY(fchownat, (int at, const char *path, uid_t user, gid_t group, int flags),
          (at, path, user, group, flags), CHANGES(path))
READ_ONLY(utimensat, (int at, const char *path, const struct timespec times[2], int flags),
          (at, path, times, flags), CHANGES(path))
READ_ONLY(utimes, (const char *path, const struct timeval times[2]), (path, times), CHANGES(path))
READ_ONLY(utime, (const char *path, const struct utimbuf *times), (path, times), CHANGES(path))
READ_ONLY(setxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), CHANGES(path))
READ_ONLY(lsetxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), CHANGES(path))
READ_ONLY(removexattr, (const char *path, const char *name), (path, name), CHANGES(path))
READ_ONLY(lremovexattr, (const char *path, const char *name), (path, name), CHANGES(path))

int __real_statvfs(const char *, struct statvfs *);
int __wrap_statvfs(const char *, struct statvfs *);

int
__wrap_statvfs(const char *name, struct statvfs *answer)
{
    if (!vfs_begins(name)) {
        return __real_statvfs(name, answer);
    }
    memset(answer, 0, sizeof(*answer));
    answer->f_bsize = answer->f_frsize = 4096;
    answer->f_blocks = (fsblkcnt_t)(vfs_payload()->size / 4096 + 1);
    answer->f_files = payload_count(vfs_payload(), PAYLOAD_FILES);
    answer->f_namemax = 255;
    answer->f_flag = ST_RDONLY;
    return 0;
}
