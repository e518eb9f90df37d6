/* The executable's own file system: which paths are its, and what stands there. See vfs.h. */

#include "vfs.h"

#include <errno.h>
#include <string.h>

static const struct payload *mounted;
static const char *root;
static size_t root_size;

void
vfs_mount(const struct payload *payload, const char *executable)
{
    mounted = payload;
    root = executable;
    root_size = strlen(executable);
}

const struct payload *
vfs_payload(void)
{
    return mounted;
}

const char *
vfs_root(void)
{
    return root;
}

/* Append one part of a path; `.` and empty parts add nothing, `..` takes one away. */
static bool
append(struct vfs_path *path, const char *part, size_t size)
{
    if (size == 0 || (size == 1 && part[0] == '.')) {
        return true;
    }
    if (size == 2 && part[0] == '.' && part[1] == '.') {
        if (path->size == 0) {
            return false; /* it leads out of the executable */
        }
        while (path->size > 0 && path->text[--path->size] != '/') {
        }
        return true;
    }
    if (path->size > 0) {
        path->text[path->size++] = '/';
    }
    memcpy(path->text + path->size, part, size);
    path->size += size;
    return true;
}

bool
vfs_begins(const char *name)
{
    return mounted != NULL && name != NULL && strncmp(name, root, root_size) == 0
           && name[root_size] == '/';
}

bool
vfs_below(const char *name, struct vfs_path *path)
{
    if (!vfs_begins(name) || strlen(name) >= PATH_MAX) {
        return false;
    }
    path->size = 0;
    for (const char *part = name + root_size + 1; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (!append(path, part, size)) {
            return false;
        }
        part += size;
        part += *part == '/';
    }
    path->text[path->size] = '\0';
    return true;
}

/* The key of a file: its folder, a zero byte, its own name. Replaces the last slash. */
const struct payload_record *
vfs_find(const struct vfs_path *path)
{
    char key[PATH_MAX + 1];
    struct payload_span name = {key, path->size};
    size_t cut = path->size;

    while (cut > 0 && path->text[cut - 1] != '/') {
        cut--;
    }
    if (cut == 0) {
        key[0] = '\0';
        memcpy(key + 1, path->text, path->size);
        name.size++;
        return payload_find(mounted, PAYLOAD_FILES, name);
    }
    memcpy(key, path->text, path->size);
    key[cut - 1] = '\0';
    return payload_find(mounted, PAYLOAD_FILES, name);
}

bool
vfs_is_folder(const struct vfs_path *path, const struct payload_record *record)
{
    return path->size == 0 || (record != NULL && record->kind == PAYLOAD_FOLDER);
}

bool
vfs_exists(const char *name)
{
    struct vfs_path path;

    return vfs_below(name, &path) && (path.size == 0 || vfs_find(&path) != NULL);
}

ino_t
vfs_inode(const struct payload_record *record)
{
    return (ino_t)payload_position(mounted, PAYLOAD_FILES, record) + 2;
}

int
vfs_fail(int error)
{
    errno = error;
    return -1;
}
