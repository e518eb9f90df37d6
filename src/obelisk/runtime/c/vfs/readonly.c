/* The executable's own file system cannot be written to: EROFS for all that would. See vfs/vfs.h.

   What exists cannot be made (EEXIST). What is missing cannot be changed either, and that is said also
   where Linux would say of the disk first that it is read-only: programs expect that what they remove
   may be gone (ENOENT). */

#include "vfs/vfs.h"

#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "vfs/call.h"

static int
refuse_change(const struct vfs_path *path)
{
    const struct payload_record *record;
    int error = vfs_get(path, &record);

    return vfs_fail(error ? error : EROFS);
}

static int
refuse_creation(const struct vfs_path *path, bool folder)
{
    return vfs_fail(vfs_why_not_made(path, folder));
}

/* Folders cannot be cut. */
static int
refuse_truncation(const struct vfs_path *path)
{
    const struct payload_record *record;

    return vfs_get(path, &record) == 0 && vfs_is_folder(record) ? vfs_fail(EISDIR)
                                                                : refuse_change(path);
}

/* A call on `path`, refused where that is ours. */
#define READ_ONLY(name, parameters, arguments, how, refusal)                                       \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
                                                                                                   \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        VFS_ANSWER_PLAIN(int, -1, how, __real_##name arguments, refusal)                           \
    }

/* The same relative to `at`. */
#define READ_ONLY_AT(name, parameters, arguments, how, refusal)                                    \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
                                                                                                   \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        VFS_ANSWER(int, -1, how, __real_##name arguments, refusal)                                 \
    }

/* A call on a descriptor. What it is open on is a copy, which could be changed. */
#define READ_ONLY_FILE(name, parameters, arguments)                                                \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
                                                                                                   \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return vfs_is_open(file) ? vfs_fail(EROFS) : __real_##name arguments;                      \
    }

/* As flags of these calls say it. */
#define HOW(flags) ((flags) & AT_SYMLINK_NOFOLLOW ? VFS_NOFOLLOW : 0U)

READ_ONLY(mkdir, (const char *path, mode_t mode), (path, mode), VFS_NOFOLLOW,
          refuse_creation(&found, true))
READ_ONLY_AT(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), VFS_NOFOLLOW,
             refuse_creation(&found, true))
READ_ONLY(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device), VFS_NOFOLLOW,
          refuse_creation(&found, false))
READ_ONLY_AT(mknodat, (int at, const char *path, mode_t mode, dev_t device),
             (at, path, mode, device), VFS_NOFOLLOW, refuse_creation(&found, false))
READ_ONLY(symlink, (const char *content, const char *path), (content, path), VFS_NOFOLLOW,
          refuse_creation(&found, false))
READ_ONLY_AT(symlinkat, (const char *content, int at, const char *path), (content, at, path),
             VFS_NOFOLLOW, refuse_creation(&found, false))
READ_ONLY(rmdir, (const char *path), (path), VFS_NOFOLLOW, refuse_change(&found))
READ_ONLY(unlink, (const char *path), (path), VFS_NOFOLLOW, refuse_change(&found))
READ_ONLY_AT(unlinkat, (int at, const char *path, int flags), (at, path, flags), VFS_NOFOLLOW,
             refuse_change(&found))
READ_ONLY(remove, (const char *path), (path), VFS_NOFOLLOW, refuse_change(&found))
READ_ONLY(truncate, (const char *path, off_t size), (path, size), 0, refuse_truncation(&found))
READ_ONLY(chmod, (const char *path, mode_t mode), (path, mode), 0, refuse_change(&found))
READ_ONLY_AT(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags),
             HOW(flags), refuse_change(&found))
READ_ONLY(chown, (const char *path, uid_t user, gid_t group), (path, user, group), 0,
          refuse_change(&found))
READ_ONLY(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), VFS_NOFOLLOW,
          refuse_change(&found))
READ_ONLY_AT(fchownat, (int at, const char *path, uid_t user, gid_t group, int flags),
             (at, path, user, group, flags), HOW(flags), refuse_change(&found))
READ_ONLY(setxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), 0, refuse_change(&found))
READ_ONLY(lsetxattr,
          (const char *path, const char *name, const void *value, size_t size, int flags),
          (path, name, value, size, flags), VFS_NOFOLLOW, refuse_change(&found))
READ_ONLY(removexattr, (const char *path, const char *name), (path, name), 0,
          refuse_change(&found))
READ_ONLY(lremovexattr, (const char *path, const char *name), (path, name), VFS_NOFOLLOW,
          refuse_change(&found))

READ_ONLY_FILE(fchmod, (int file, mode_t mode), (file, mode))
READ_ONLY_FILE(fchown, (int file, uid_t user, gid_t group), (file, user, group))
READ_ONLY_FILE(fsetxattr,
               (int file, const char *name, const void *value, size_t size, int flags),
               (file, name, value, size, flags))
READ_ONLY_FILE(fremovexattr, (int file, const char *name), (file, name))

int __real_utimensat(int, const char *, const struct timespec[2], int);
int __wrap_utimensat(int, const char *, const struct timespec[2], int);

static int
refuse_times(int file)
{
    return vfs_fail(fcntl(file, F_GETFL) & O_PATH ? EBADF : EROFS);
}

/* libc's other calls that set times come here, futimens(3) without a path. */
int
__wrap_utimensat(int at, const char *path, const struct timespec times[2], int flags)
{
    if (path == NULL) {
        return vfs_is_open(at) ? refuse_times(at) : __real_utimensat(at, path, times, flags);
    }
    VFS_ANSWER(int, -1, HOW(flags), __real_utimensat(at, path, times, flags),
               refuse_change(&found))
}
