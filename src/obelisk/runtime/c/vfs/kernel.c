/* Calls that hand a path to the kernel for later, who would have to know our files. See vfs/vfs.h.

   A folder that exists for everything else is refused as not supported, which is the reason, and not as
   something that is no folder. Watches are refused as if nothing were there: what watches files takes
   that as usual, and nothing below the executable ever changes. */

#include "vfs/vfs.h"

#include <spawn.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "vfs/call.h"

int __real_fstatat(int, const char *, struct stat *, int);
int __real_chdir(const char *);
int __real_fchdir(int);
int __real_chroot(const char *);
int __real_inotify_add_watch(int, const char *, uint32_t);
int __real_name_to_handle_at(int, const char *, struct file_handle *, int *, int);
int __real_posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict,
                                                const char *restrict);
int __real_posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *, int);

int __wrap_chdir(const char *);
int __wrap_fchdir(int);
int __wrap_chroot(const char *);
int __wrap_inotify_add_watch(int, const char *, uint32_t);
int __wrap_name_to_handle_at(int, const char *, struct file_handle *, int *, int);
int __wrap_posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict,
                                                const char *restrict);
int __wrap_posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *, int);

/* Refuse what exists for a reason of ours. */
static int
refuse(const struct vfs_path *path, bool folder, int reason)
{
    const struct payload_record *record;
    int error = vfs_get(path, &record);

    if (error == 0) {
        error = folder && !vfs_is_folder(record) ? ENOTDIR : reason;
    }
    return vfs_fail(error);
}

int
__wrap_chdir(const char *path)
{
    VFS_ANSWER_PLAIN(int, -1, 0, __real_chdir(path), refuse(&found, true, ENOTSUP))
}

int
__wrap_chroot(const char *path)
{
    VFS_ANSWER_PLAIN(int, -1, 0, __real_chroot(path), refuse(&found, true, ENOTSUP))
}

static bool
is_folder(int file)
{
    struct stat opened;

    return fstat(file, &opened) == 0 && S_ISDIR(opened.st_mode);
}

int
__wrap_fchdir(int file)
{
    int status = __real_fchdir(file);

    return status != 0 && errno == ENOTDIR ? vfs_fail(is_folder(file) ? ENOTSUP : ENOTDIR) : status;
}

int
__wrap_inotify_add_watch(int watches, const char *path, uint32_t mask)
{
    VFS_ANSWER_PLAIN(int, -1, mask & IN_DONT_FOLLOW ? VFS_NOFOLLOW : 0,
                     __real_inotify_add_watch(watches, path, mask), refuse(&found, false, ENOENT))
}

int
__wrap_name_to_handle_at(int at, const char *path, struct file_handle *handle, int *mount, int flags)
{
    VFS_ANSWER(int, -1, flags & AT_SYMLINK_FOLLOW ? 0 : VFS_NOFOLLOW,
               __real_name_to_handle_at(at, path, handle, mount, flags),
               refuse(&found, false, EOPNOTSUPP))
}

/* What a child is to do is refused before there is one: it could not say why. */
static int
refuse_for_child(const char *path)
{
    struct vfs_path found;
    struct stat file;

    if (!vfs_begins(path) && (__real_fstatat(AT_FDCWD, path, &file, 0) == 0 || errno != ENOTDIR)) {
        return 0;
    }
    if (vfs_lookup(AT_FDCWD, path, 0, &found) != VFS_INSIDE) {
        return 0;
    }
    return refuse(&found, true, ENOTSUP) == 0 ? 0 : errno;
}

int
__wrap_posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions,
                                            const char *restrict path)
{
    int error = refuse_for_child(path);

    return error ? error : __real_posix_spawn_file_actions_addchdir_np(actions, path);
}

int
__wrap_posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int file)
{
    struct stat opened;

    if (fstat(file, &opened) == 0 && S_ISDIR(opened.st_mode) && opened.st_dev == VFS_DEVICE) {
        return ENOTSUP;
    }
    return __real_posix_spawn_file_actions_addfchdir_np(actions, file);
}
