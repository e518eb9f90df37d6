/* Calls on folders of the executable's own file system. See vfs.h. */

#include "vfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* No descriptor is negative, so this tells our open folders from libc's. */
#define NOT_A_DESCRIPTOR (-0x0b31)

/* One open folder, given out as a DIR. It begins as musl's own (src/dirent/__dirent.h) does, with a
   position and a descriptor, so that either can be asked for the descriptor. */
struct folder {
    off_t position;
    int descriptor;
    uint32_t at; /* positions of records of files */
    uint32_t end;
    uint32_t begin;
    size_t skip; /* bytes of the key before an entry's own name */
    struct dirent entry;
};

DIR *__real_opendir(const char *);
struct dirent *__real_readdir(DIR *);
int __real_closedir(DIR *);
void __real_rewinddir(DIR *);
int __real_dirfd(DIR *);

DIR *__wrap_opendir(const char *);
struct dirent *__wrap_readdir(DIR *);
int __wrap_closedir(DIR *);
void __wrap_rewinddir(DIR *);
int __wrap_dirfd(DIR *);

/* The children of a folder stand side by side: their keys begin with its path and a zero byte. */
static struct folder *
list_folder(struct vfs_path *path)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    struct payload_span name = {path->text, path->size + 1};

    if (folder == NULL) {
        return NULL;
    }
    path->text[path->size] = '\0';
    folder->descriptor = NOT_A_DESCRIPTOR;
    folder->skip = path->size + 1;
    folder->begin = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
    path->text[path->size] = '\1';
    folder->end = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
    folder->at = folder->begin;
    return folder;
}

/* Return the folder that a DIR stands for, or NULL when libc made it. */
static struct folder *
as_folder(DIR *stream)
{
    struct folder *folder = (void *)stream;

    return folder->descriptor == NOT_A_DESCRIPTOR ? folder : NULL;
}

DIR *
__wrap_opendir(const char *name)
{
    struct vfs_path path;
    const struct payload_record *record;

    /* The executable itself can be listed too, though it is a file for all else. */
    if (vfs_payload() != NULL && strcmp(name, vfs_root()) == 0) {
        path.size = 0;
    }
    else if (!vfs_below(name, &path)) {
        return __real_opendir(name);
    }
    record = vfs_find(&path);
    if (!vfs_is_folder(&path, record)) {
        errno = record ? ENOTDIR : ENOENT;
        return NULL;
    }
    return (DIR *)list_folder(&path);
}

struct dirent *
__wrap_readdir(DIR *stream)
{
    struct folder *folder = as_folder(stream);
    const struct payload_record *record;
    struct payload_span name;
    size_t size;

    if (folder == NULL) {
        return __real_readdir(stream);
    }
    if (folder->at >= folder->end) {
        return NULL;
    }
    record = payload_at(vfs_payload(), PAYLOAD_FILES, folder->at++);
    name = payload_name(vfs_payload(), record);
    size = name.size - folder->skip;
    if (size >= sizeof(folder->entry.d_name)) {
        size = sizeof(folder->entry.d_name) - 1;
    }
    memcpy(folder->entry.d_name, name.start + folder->skip, size);
    folder->entry.d_name[size] = '\0';
    folder->entry.d_type = record->kind == PAYLOAD_FOLDER ? DT_DIR : DT_REG;
    folder->entry.d_ino = vfs_inode(record);
    folder->entry.d_reclen = sizeof(folder->entry);
    return &folder->entry;
}

int
__wrap_closedir(DIR *stream)
{
    struct folder *folder = as_folder(stream);

    if (folder == NULL) {
        return __real_closedir(stream);
    }
    free(folder);
    return 0;
}

void
__wrap_rewinddir(DIR *stream)
{
    struct folder *folder = as_folder(stream);

    if (folder == NULL) {
        __real_rewinddir(stream);
        return;
    }
    folder->at = folder->begin;
}

int
__wrap_dirfd(DIR *stream)
{
    return as_folder(stream) == NULL ? __real_dirfd(stream) : vfs_fail(ENOTSUP);
}
