/* What descriptors of the executable's own files say of themselves. See vfs/content.h. */

#include "vfs/content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfs/vfs.h"

/* A memory file is shown by its name in /proc, also to a program that inherited it. */
static const struct payload_record *
record_by_link(int descriptor, const struct stat *found)
{
    static const char before[] = "/memfd:";
    static const char behind[] = " (deleted)";
    const struct payload_record *record;
    struct vfs_path path;
    char link[32];
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    size = readlink(link, path.text, sizeof(path.text) - 1);
    if (size <= (ssize_t)(sizeof(before) + sizeof(behind))
        || memcmp(path.text, before, sizeof(before) - 1) != 0) {
        return NULL;
    }
    path.size = (size_t)size - (sizeof(before) - 1) - (sizeof(behind) - 1);
    memmove(path.text, path.text + sizeof(before) - 1, path.size);
    path.text[path.size] = '\0';
    path.folder = false;
    record = vfs_find(&path);
    return record != NULL && !vfs_is_folder(record) && record->size == (uint64_t)found->st_size
                   && record->time / 1000000000 == (uint64_t)found->st_mtim.tv_sec
                   && record->time % 1000000000 == (uint64_t)found->st_mtim.tv_nsec
               ? record
               : NULL;
}

const struct payload_record *
vfs_content_of(int file, const struct stat *real)
{
    const struct vfs_large *large;
    const struct payload_record *record;

    if (vfs_payload() == NULL || real->st_nlink != 0 || !S_ISREG(real->st_mode)) {
        return NULL; /* files that have a name are not ours */
    }
    large = vfs_large_by(real);
    if (large != NULL) {
        return large->record;
    }
    record = vfs_small_by(real);
    return record ? record : record_by_link(file, real);
}
