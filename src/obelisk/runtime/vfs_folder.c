/* Calls on folders of the executable's own file system. See vfs.h. */

#include "vfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One open folder. Its pointer is given out as a DIR; `folders` tells it from libc's own. */
struct folder {
    struct folder *next;
    const struct payload_record *at;
    const struct payload_record *end;
    const struct payload_record *begin;
    size_t skip; /* bytes of the key before an entry's own name */
    struct dirent entry;
};

static struct folder *folders;
static volatile int folders_lock;

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
    const struct payload_index *files = &vfs_payload()->files;
    struct folder *folder = calloc(1, sizeof(*folder));

    if (folder == NULL) {
        return NULL;
    }
    path->text[path->size] = '\0';
    folder->skip = path->size + 1;
    folder->begin = files->records
                    + payload_lower_bound(vfs_payload(), files, path->text, path->size + 1);
    path->text[path->size] = '\1';
    folder->end = files->records
                  + payload_lower_bound(vfs_payload(), files, path->text, path->size + 1);
    folder->at = folder->begin;
    return folder;
}

static void
lock(void)
{
    while (__atomic_exchange_n(&folders_lock, 1, __ATOMIC_ACQUIRE)) {
    }
}

static void
unlock(void)
{
    __atomic_store_n(&folders_lock, 0, __ATOMIC_RELEASE);
}

/* Return the folder that a DIR stands for, or NULL when libc made it. */
static struct folder *
as_folder(const DIR *stream)
{
    struct folder *folder;

    if (__atomic_load_n(&folders, __ATOMIC_RELAXED) == NULL) {
        return NULL;
    }
    lock();
    for (folder = folders; folder && folder != (const void *)stream; folder = folder->next) {
    }
    unlock();
    return folder;
}

DIR *
__wrap_opendir(const char *name)
{
    struct vfs_path path;
    const struct payload_record *record;
    struct folder *folder;

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
    folder = list_folder(&path);
    if (folder != NULL) {
        lock();
        folder->next = folders;
        folders = folder;
        unlock();
    }
    return (DIR *)folder;
}

struct dirent *
__wrap_readdir(DIR *stream)
{
    struct folder *folder = as_folder(stream);
    const struct payload_record *record;
    size_t size;

    if (folder == NULL) {
        return __real_readdir(stream);
    }
    if (folder->at >= folder->end) {
        return NULL;
    }
    record = folder->at++;
    size = record->name_size - folder->skip;
    if (size >= sizeof(folder->entry.d_name)) {
        size = sizeof(folder->entry.d_name) - 1;
    }
    memcpy(folder->entry.d_name, payload_name(vfs_payload(), record) + folder->skip, size);
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
    lock();
    for (struct folder **link = &folders; *link; link = &(*link)->next) {
        if (*link == folder) {
            *link = folder->next;
            break;
        }
    }
    unlock();
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

static int
no_descriptor(void)
{
    errno = ENOTSUP;
    return -1;
}

int
__wrap_dirfd(DIR *stream)
{
    return as_folder(stream) == NULL ? __real_dirfd(stream) : no_descriptor();
}
