/* The executable's own file system cannot be written to: EROFS for all that would. See vfs.h. */

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

/* A call whose arguments are `parameters`, passed on as `arguments` unless a path of it `is_ours`. */
#define READ_ONLY(name, parameters, arguments, is_ours)                                            \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
                                                                                                   \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return (is_ours) ? vfs_fail(EROFS) : __real_##name arguments;                                     \
    }

#define OURS(path) vfs_begins(path)

READ_ONLY(mkdir, (const char *path, mode_t mode), (path, mode), OURS(path))
READ_ONLY(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), OURS(path))
READ_ONLY(mkfifo, (const char *path, mode_t mode), (path, mode), OURS(path))
READ_ONLY(mkfifoat, (int at, const char *path, mode_t mode), (at, path, mode), OURS(path))
READ_ONLY(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device), OURS(path))
READ_ONLY(mknodat, (int at, const char *path, mode_t mode, dev_t device),
          (at, path, mode, device), OURS(path))
READ_ONLY(rmdir, (const char *path), (path), OURS(path))
READ_ONLY(unlink, (const char *path), (path), OURS(path))
READ_ONLY(unlinkat, (int at, const char *path, int flags), (at, path, flags), OURS(path))
READ_ONLY(remove, (const char *path), (path), OURS(path))
READ_ONLY(rename, (const char *from, const char *to), (from, to), OURS(from) || OURS(to))
READ_ONLY(renameat, (int at, const char *from, int into, const char *to), (at, from, into, to),
          OURS(from) || OURS(to))
READ_ONLY(link, (const char *from, const char *to), (from, to), OURS(from) || OURS(to))
READ_ONLY(linkat, (int at, const char *from, int into, const char *to, int flags),
          (at, from, into, to, flags), OURS(from) || OURS(to))
READ_ONLY(symlink, (const char *content, const char *path), (content, path), OURS(path))
READ_ONLY(symlinkat, (const char *content, int at, const char *path), (content, at, path),
          OURS(path))
READ_ONLY(truncate, (const char *path, off_t size), (path, size), OURS(path))
READ_ONLY(chmod, (const char *path, mode_t mode), (path, mode), OURS(path))
READ_ONLY(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags),
          OURS(path))
READ_ONLY(chown, (const char *path, uid_t user, gid_t group), (path, user, group), OURS(path))
READ_ONLY(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), OURS(path))
READ_ONLY(fchownat, (int at, const char *path, uid_t user, gid_t group, int flags),
          (at, path, user, group, flags), OURS(path))
READ_ONLY(utimensat, (int at, const char *path, const struct timespec times[2], int flags),
          (at, path, times, flags), OURS(path))
READ_ONLY(utimes, (const char *path, const struct timeval times[2]), (path, times), OURS(path))
READ_ONLY(utime, (const char *path, const struct utimbuf *times), (path, times), OURS(path))
READ_ONLY(setxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), OURS(path))
READ_ONLY(lsetxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), OURS(path))
READ_ONLY(removexattr, (const char *path, const char *name), (path, name), OURS(path))
READ_ONLY(lremovexattr, (const char *path, const char *name), (path, name), OURS(path))

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
    answer->f_namemax = 255;
    answer->f_flag = ST_RDONLY;
    return 0;
}
