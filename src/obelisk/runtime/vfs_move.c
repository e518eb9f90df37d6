/* Renaming and linking where one path or both are of the executable's own file system. See vfs.h.

   It is a disk of its own, and read-only: EXDEV from it or to it, EROFS in it. */

#include "vfs.h"

#include <stdio.h>
#include <unistd.h>

#include "vfs_call.h"

int __real_rename(const char *, const char *);
int __real_renameat(int, const char *, int, const char *);
int __real_renameat2(int, const char *, int, const char *, unsigned);
int __real_link(const char *, const char *);
int __real_linkat(int, const char *, int, const char *, int);

int __wrap_rename(const char *, const char *);
int __wrap_renameat(int, const char *, int, const char *);
int __wrap_renameat2(int, const char *, int, const char *, unsigned);
int __wrap_link(const char *, const char *);
int __wrap_linkat(int, const char *, int, const char *, int);

/* One of two paths. */
struct end {
    int at;
    const char *name;
    unsigned how;
    enum vfs_place place;
    struct vfs_path path;
};

/* Say whether one of two paths is ours; else, change those that lead through ours to real ones. */
static bool
look_up(struct end *from, struct end *to)
{
    struct end *ends[] = {from, to};

    for (int i = 0; i < 2; i++) {
        ends[i]->place = vfs_lookup(ends[i]->at, ends[i]->name, ends[i]->how, &ends[i]->path);
        if (ends[i]->place == VFS_OUTSIDE) {
            ends[i]->at = AT_FDCWD;
            ends[i]->name = ends[i]->path.text;
        }
        else if (ends[i]->place == VFS_NOWHERE && errno != ENOTDIR) {
            return false;
        }
    }
    return from->place == VFS_INSIDE || to->place == VFS_INSIDE;
}

static int
error_of(const struct end *end)
{
    const struct payload_record *record;

    return vfs_get(&end->path, &record);
}

static int
rename_ours(struct end *from, struct end *to, unsigned flags)
{
    int error = 0;

    if (!look_up(from, to)) {
        return __real_renameat2(from->at, from->name, to->at, to->name, flags);
    }
    if (to->place == VFS_INSIDE && !vfs_is_in_folder(&to->path)) {
        error = error_of(to);
    }
    if (error == 0 && from->place == VFS_INSIDE) {
        error = error_of(from);
    }
    if (error == 0) {
        error = from->place == to->place ? EROFS : EXDEV;
    }
    return vfs_fail(error);
}

int
__wrap_renameat2(int at, const char *from, int into, const char *to, unsigned flags)
{
    struct end old = {.at = at, .name = from, .how = VFS_NOFOLLOW};
    struct end new = {.at = into, .name = to, .how = VFS_NOFOLLOW};

    if (!vfs_begins(from) && !vfs_begins(to)) {
        int status = __real_renameat2(at, from, into, to, flags);
        if (status == 0 || errno != ENOTDIR) {
            return status;
        }
    }
    return rename_ours(&old, &new, flags);
}

int
__wrap_renameat(int at, const char *from, int into, const char *to)
{
    return __wrap_renameat2(at, from, into, to, 0);
}

int
__wrap_rename(const char *from, const char *to)
{
    return __wrap_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int
link_ours(struct end *from, struct end *to, int flags)
{
    struct stat file;
    int error;

    if (!look_up(from, to)) {
        return __real_linkat(from->at, from->name, to->at, to->name, flags);
    }
    error = from->place == VFS_INSIDE ? error_of(from) : 0;
    if (error == 0 && from->place != VFS_INSIDE
        && fstatat(from->at, from->name, &file, AT_SYMLINK_NOFOLLOW) != 0) {
        error = errno;
    }
    if (error == 0 && to->place == VFS_INSIDE) {
        error = vfs_why_not_made(&to->path, false);
    }
    else if (error == 0) {
        error = fstatat(to->at, to->name, &file, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST : EXDEV;
    }
    return vfs_fail(error);
}

int
__wrap_linkat(int at, const char *from, int into, const char *to, int flags)
{
    struct end old = {.at = at,
                      .name = from,
                      .how = flags & AT_SYMLINK_FOLLOW ? 0 : VFS_NOFOLLOW};
    struct end new = {.at = into, .name = to, .how = VFS_NOFOLLOW};

    if (!vfs_begins(from) && !vfs_begins(to)) {
        int status = __real_linkat(at, from, into, to, flags);
        if (status == 0 || errno != ENOTDIR) {
            return status;
        }
    }
    return link_ours(&old, &new, flags);
}

int
__wrap_link(const char *from, const char *to)
{
    return __wrap_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
