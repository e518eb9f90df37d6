/* What descriptors of the executable's own files say of themselves. See vfs_content.h. */

#include "vfs_content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfs.h"

int __real_fstat(int, struct stat *);
int __real_fchmod(int, mode_t);
int __real_fchown(int, uid_t, gid_t);
int __real_futimens(int, const struct timespec[2]);

int __wrap_fstat(int, struct stat *);
int __wrap_fchmod(int, mode_t);
int __wrap_fchown(int, uid_t, gid_t);
int __wrap_futimens(int, const struct timespec[2]);

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
    record = vfs_find(&path);
    return record != NULL && record->kind == PAYLOAD_FILE && record->size == (uint64_t)found->st_size
                   && record->time / 1000000000 == (uint64_t)found->st_mtim.tv_sec
                   && record->time % 1000000000 == (uint64_t)found->st_mtim.tv_nsec
               ? record
               : NULL;
}

const struct payload_record *
vfs_record_of(int descriptor, struct stat *found)
{
    const struct vfs_large *large;
    const struct payload_record *record;

    if (vfs_payload() == NULL || __real_fstat(descriptor, found) != 0
        || !S_ISREG(found->st_mode) || found->st_nlink != 0) {
        return NULL;
    }
    large = vfs_large_of(descriptor);
    if (large != NULL) {
        return large->record;
    }
    record = vfs_small_record(found);
    return record ? record : record_by_link(descriptor, found);
}

int
__wrap_fstat(int descriptor, struct stat *answer)
{
    const struct payload_record *record;
    int status = __real_fstat(descriptor, answer);

    /* Files that have a name are not ours. */
    if (status != 0 || answer->st_nlink != 0 || !S_ISREG(answer->st_mode)) {
        return status;
    }
    record = vfs_record_of(descriptor, answer);
    if (record != NULL) {
        vfs_fill_stat(record, answer);
    }
    return 0;
}

static bool
is_ours(int descriptor)
{
    struct stat found;

    return vfs_record_of(descriptor, &found) != NULL;
}

int
__wrap_fchmod(int descriptor, mode_t mode)
{
    return is_ours(descriptor) ? vfs_fail(EROFS) : __real_fchmod(descriptor, mode);
}

int
__wrap_fchown(int descriptor, uid_t user, gid_t group)
{
    return is_ours(descriptor) ? vfs_fail(EROFS) : __real_fchown(descriptor, user, group);
}

int
__wrap_futimens(int descriptor, const struct timespec times[2])
{
    return is_ours(descriptor) ? vfs_fail(EROFS) : __real_futimens(descriptor, times);
}
