/* Renaming and linking where one path or both are of the executable's own file system. See vfs/vfs.h.

   It is a disk of its own, and read-only: EXDEV from it or to it, EROFS in it. */

#include "vfs/vfs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfs/call.h"

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

/* What is wrong with the folder that a path names something in. */
static int
error_of_folder(const struct end *end)
{
    const struct payload_record *record;
    char folder[PATH_MAX];
    struct stat file;
    size_t size;

    if (end->place == VFS_INSIDE) {
        return vfs_is_in_folder(&end->path) ? 0 : vfs_get(&end->path, &record);
    }
    if (end->name == NULL || end->name[0] == '\0') {
        return end->name ? ENOENT : EFAULT;
    }
    size = strlen(end->name);
    if (size >= sizeof(folder)) {
        return ENAMETOOLONG;
    }
    while (size > 0 && end->name[size - 1] == '/') {
        size--;
    }
    while (size > 0 && end->name[size - 1] != '/') {
        size--;
    }
    memcpy(folder, end->name, size);
    strcpy(folder + size, "."); /* which leads nowhere but from a folder */
    return fstatat(end->at, folder, &file, 0) == 0 ? 0 : errno;
}

/* Find out where a path leads. Returns 0 or what is wrong with it, but for what it names. */
static int
look_up(struct end *end)
{
    end->place = vfs_lookup(end->at, end->name, end->how, &end->path);
    if (end->place == VFS_OUTSIDE) {
        end->at = AT_FDCWD;
        end->name = end->path.text;
    }
    if (end->place == VFS_NOWHERE) {
        return errno;
    }
    return error_of_folder(end);
}

static int
error_of(const struct end *end)
{
    const struct payload_record *record;
    struct stat file;

    if (end->place == VFS_INSIDE) {
        return vfs_get(&end->path, &record);
    }
    return fstatat(end->at, end->name, &file, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

static int
rename_ours(struct end *from, struct end *to, unsigned flags)
{
    int error = look_up(from);

    error = error ? error : look_up(to);
    if (error) {
        return vfs_fail(error);
    }
    if (from->place != VFS_INSIDE && to->place != VFS_INSIDE) {
        return __real_renameat2(from->at, from->name, to->at, to->name, flags);
    }
    if (from->place == VFS_INSIDE) {
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

static bool
ends_in_slash(const char *name)
{
    return name[0] != '\0' && name[strlen(name) - 1] == '/';
}

static int
link_ours(struct end *from, struct end *to, int flags)
{
    int error = look_up(from);

    error = error ? error : error_of(from);
    error = error ? error : look_up(to);
    if (error) {
        return vfs_fail(error);
    }
    if (from->place != VFS_INSIDE && to->place != VFS_INSIDE) {
        return __real_linkat(from->at, from->name, to->at, to->name, flags);
    }
    if (to->place == VFS_INSIDE) {
        error = vfs_why_not_made(&to->path, false);
    }
    else {
        error = error_of(to);
        error = error == 0 ? EEXIST : error == ENOENT && !ends_in_slash(to->name) ? EXDEV : error;
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
