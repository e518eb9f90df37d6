/* Which paths lead into the executable's own file system, and to what there. See vfs/vfs.h.

   A link is followed where the kernel could not: when what it leads to goes through the executable. The
   kernel has read all that comes before, so nothing is opened here that the caller may not. */

#include "vfs/vfs.h"

#ifdef OBELISK_SNAPSHOT
#include "os/os.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exec/own_file.h"

/* As many links follow one another as the kernel follows (MAXSYMLINKS). */
#define LINKS_MAX 40

int __real_fstatat(int, const char *, struct stat *, int);
ssize_t __real_readlinkat(int, const char *, char *, size_t);

static enum vfs_place
nowhere(int error)
{
    errno = error;
    return VFS_NOWHERE;
}

static enum vfs_place
foreign(void)
{
    errno = ENOTDIR;
    return VFS_FOREIGN;
}

/* What a dot follows must be a folder; two take its name away. */
static int
step_by_dots(struct vfs_path *path, bool up)
{
    const struct payload_record *record;
    int error;

    path->folder = true;
    error = vfs_get(path, &record);
    while (up && error == 0 && path->size > 0 && path->text[--path->size] != '/') {
    }
    return error;
}

static int
step_down(struct vfs_path *path, const char *part, size_t size)
{
    if (path->size + size + 2 > PATH_MAX) {
        return ENAMETOOLONG;
    }
    if (path->size > 0) {
        path->text[path->size++] = '/';
    }
    memcpy(path->text + path->size, part, size);
    path->size += size;
    return 0;
}

#ifdef OBELISK_SNAPSHOT /* the root is one in each process: what is beside it is beside the executable */
#define own_path() os_executable()
#else
#define own_path() vfs_root()
#endif

/* Return what is left to go behind the executable, when the way out of it leads right back; else NULL. */
static const char *
come_back(const char *rest)
{
    const char *own = strrchr(own_path(), '/') + 1;
    size_t size = strlen(own);

    return strncmp(rest, own, size) == 0 && rest[size] == '/' ? rest + size : NULL;
}

/* The folder that holds the executable, and what is left to go from there. */
static enum vfs_place
leave(struct vfs_path *path, const char *rest)
{
    size_t size = (size_t)(strrchr(own_path(), '/') - own_path()) + 1;

    if (size + strlen(rest) >= PATH_MAX) {
        return nowhere(ENAMETOOLONG);
    }
    memcpy(path->text, own_path(), size);
    strcpy(path->text + size, rest);
    return VFS_OUTSIDE;
}

/* Go on from a folder by the parts of `rest`. */
static enum vfs_place
walk(struct vfs_path *path, const char *rest)
{
    path->folder = path->size == 0;
    while (*rest != '\0') {
        size_t size = strcspn(rest, "/");
        bool up = size == 2 && rest[0] == '.' && rest[1] == '.';
        bool dots = up || (size == 1 && rest[0] == '.');
        int error = 0;
        if (up && path->size == 0) {
            const char *back;
            rest += size;
            rest += strspn(rest, "/");
            back = come_back(rest);
            if (back == NULL) {
                return leave(path, rest);
            }
            rest = back;
            continue;
        }
        if (size > 0) {
            error = dots ? step_by_dots(path, up) : step_down(path, rest, size);
        }
        if (error) {
            return nowhere(error);
        }
        rest += size;
        path->folder = dots || size == 0 || *rest == '/';
        rest += *rest == '/';
    }
    path->text[path->size] = '\0';
    return VFS_INSIDE;
}

bool
vfs_below(const char *name, struct vfs_path *path)
{
    path->size = 0;
    return vfs_begins(name) && strlen(name) < PATH_MAX
           && walk(path, name + vfs_name_size(name)) == VFS_INSIDE;
}

/* Say whether what the kernel says of a file means a folder of ours, and begin there. */
static bool
enter(const struct stat *file, struct vfs_path *path)
{
    const struct payload_record *record = NULL;

    if (!S_ISREG(file->st_mode) || !(vfs_folder_of(file, &record) || own_file_has(file))) {
        return false;
    }
    vfs_path_of(record, path);
    return true;
}

/* A path that is read as far as the kernel could not. */
struct search {
    int at;
    unsigned how;
    char text[PATH_MAX];
};

/* Put what a link says in its place: the part from `begin` to `end`, which leads nowhere for the
   kernel. */
static int
follow_link(struct search *search, size_t begin, size_t end)
{
    char target[PATH_MAX];
    char *rest = search->text + end;
    char next = *rest;
    ssize_t size;

    *rest = '\0';
    size = __real_readlinkat(search->at, search->text, target, sizeof(target));
    *rest = next;
    if (size <= 0 || (next == '\0' && (search->how & VFS_NOFOLLOW))) {
        return ENOTDIR;
    }
    if (target[0] == '/') {
        begin = 0;
        search->at = AT_FDCWD;
    }
    if (begin + (size_t)size + strlen(rest) >= PATH_MAX) {
        return ENAMETOOLONG;
    }
    memmove(search->text + begin + size, rest, strlen(rest) + 1);
    memcpy(search->text + begin, target, (size_t)size);
    return 0;
}

/* Find how far the kernel gets. That is to a folder, where a link follows, which is replaced; or to the
   executable: `rest` is set then, to what follows it. Returns 0 or what is wrong: ENOTDIR when it is
   neither. */
static int
advance(struct search *search, struct vfs_path *path, const char **rest)
{
    char *text = search->text;
    size_t end = strlen(text);
    struct stat file;

    for (size_t cut = end; cut-- > 1;) {
        int status;
        if (text[cut] != '/') {
            continue;
        }
        text[cut] = '\0';
        status = __real_fstatat(search->at, text, &file, 0);
        text[cut] = '/';
        if (status == 0 && enter(&file, path)) {
            *rest = text + cut;
            return 0;
        }
        if (status == 0) {
            return S_ISDIR(file.st_mode) ? follow_link(search, cut + 1, end) : ENOTDIR;
        }
        if (errno != ENOTDIR) {
            return ENOTDIR;
        }
        end = cut;
    }
    return follow_link(search, text[0] == '/', end);
}

/* Say whether the whole path means the executable, or an open folder of ours. */
static bool
enter_whole(const struct search *search, struct vfs_path *path)
{
    int flags = search->how & VFS_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
    struct stat file;

    return (search->how & VFS_WHOLE)
           && __real_fstatat(search->at, search->text, &file, flags) == 0 && enter(&file, path);
}

/* A path that does not begin with a name of the executable. */
static enum vfs_place
search_path(int at, const char *name, unsigned how, struct vfs_path *path)
{
    struct search search = {.at = at, .how = how};
    const char *rest = NULL;
    struct stat file;

    if (name[0] != '/' && at != AT_FDCWD && __real_fstatat(at, "", &file, AT_EMPTY_PATH) == 0
        && S_ISREG(file.st_mode)) {
        const struct payload_record *record;
        if (!vfs_folder_of(&file, &record)) {
            return foreign();
        }
        vfs_path_of(record, path);
        return walk(path, name);
    }
    strcpy(search.text, name);
    for (int links = 0; links <= LINKS_MAX; links++) {
        size_t known = search.at == AT_FDCWD ? vfs_name_size(search.text) : 0;
        int error;
        if (known > 0) {
            path->size = 0;
            return walk(path, search.text + known);
        }
        if (enter_whole(&search, path)) {
            return walk(path, "");
        }
        error = advance(&search, path, &rest);
        if (error) {
            return error == ENOTDIR ? foreign() : nowhere(error);
        }
        if (rest != NULL) {
            return walk(path, rest);
        }
    }
    return nowhere(ELOOP);
}

enum vfs_place
vfs_lookup(int at, const char *name, unsigned how, struct vfs_path *path)
{
    size_t known = vfs_name_size(name);

    if (vfs_payload() == NULL || name == NULL || name[0] == '\0') {
        return foreign();
    }
    if (strlen(name) >= PATH_MAX) {
        return nowhere(ENAMETOOLONG);
    }
    if (known > 0) {
        path->size = 0;
        return walk(path, name + known);
    }
    return search_path(at, name, how, path);
}
