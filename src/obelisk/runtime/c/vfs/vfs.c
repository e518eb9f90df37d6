/* The executable's own file system: what stands where, and what stat(2) says of it. See vfs/vfs.h. */

#include "vfs/vfs.h"

#include <errno.h>
#include <string.h>

/* Names of files on disk are not longer. */
#define NAME_SIZE_MAX 255

/* Return where the last part of a path begins. */
static size_t
last_part(const char *text, size_t size)
{
    while (size > 0 && text[size - 1] != '/') {
        size--;
    }
    return size;
}

static const struct payload_record *
find(const char *text, size_t size)
{
    char key[PATH_MAX + 1];
    struct payload_span name = {key, size};
    size_t cut = last_part(text, size);

    /* The key of a file: its folder, a zero byte, its own name. Replaces the last slash. */
    if (cut == 0) {
        key[0] = '\0';
        memcpy(key + 1, text, size);
        name.size++;
    }
    else {
        memcpy(key, text, size);
        key[cut - 1] = '\0';
    }
    return payload_find(vfs_payload(), PAYLOAD_FILES, name);
}

const struct payload_record *
vfs_find(const struct vfs_path *path)
{
    return path->size == 0 ? NULL : find(path->text, path->size);
}

/* The key has a zero byte before the last part. */
void
vfs_path_of(const struct payload_record *record, struct vfs_path *path)
{
    struct payload_span key = {"", 0};
    char *end;

    if (record != NULL) {
        key = payload_name(vfs_payload(), record);
    }
    path->folder = vfs_is_folder(record);
    path->size = key.size < PATH_MAX ? key.size : 0;
    memcpy(path->text, key.start, path->size);
    end = memchr(path->text, '\0', path->size);
    if (end == path->text) {
        path->size--;
        memmove(path->text, path->text + 1, path->size);
    }
    else if (end != NULL) {
        *end = '/';
    }
    path->text[path->size] = '\0';
}

bool
vfs_is_folder(const struct payload_record *record)
{
    return record == NULL || record->kind == PAYLOAD_FOLDER;
}

/* What errno says of a path that leads to nothing, because of the first part that does. */
static int
why_missing(const char *text, size_t size)
{
    size_t part = last_part(text, size);
    const struct payload_record *record;

    if (part > 0) {
        record = find(text, part - 1);
        if (record == NULL) {
            return why_missing(text, part - 1);
        }
        if (!vfs_is_folder(record)) {
            return ENOTDIR;
        }
    }
    return size - part > NAME_SIZE_MAX ? ENAMETOOLONG : ENOENT;
}

bool
vfs_is_in_folder(const struct vfs_path *path)
{
    size_t part = last_part(path->text, path->size);
    const struct payload_record *record;

    if (part == 0) {
        return true;
    }
    record = find(path->text, part - 1);
    return record != NULL && vfs_is_folder(record);
}

int
vfs_get(const struct vfs_path *path, const struct payload_record **record)
{
    *record = vfs_find(path);
    if (*record == NULL && path->size > 0) {
        return why_missing(path->text, path->size);
    }
    return path->folder && !vfs_is_folder(*record) ? ENOTDIR : 0;
}

int
vfs_why_not_made(const struct vfs_path *path, bool folder)
{
    const struct payload_record *record;
    int error = vfs_get(path, &record);

    if (error == 0) {
        return EEXIST;
    }
    if (error == ENAMETOOLONG || !vfs_is_in_folder(path)) {
        return error;
    }
    if (error == ENOTDIR) { /* a file, with a slash behind */
        return EEXIST;
    }
    return path->folder && !folder ? ENOENT : EROFS;
}

/* The earliest time that zip archives can hold, in every time zone: 1980-01-02. */
struct timespec
vfs_time(const struct payload_record *record)
{
    struct timespec time = {VFS_TOP_TIME, 0};

    if (record != NULL) {
        time.tv_sec = (time_t)(record->time / 1000000000);
        time.tv_nsec = (long)(record->time % 1000000000);
    }
    return time;
}

ino_t
vfs_inode(const struct payload_record *record)
{
    return record ? (ino_t)payload_position(vfs_payload(), PAYLOAD_FILES, record) + 2 : 1;
}

static mode_t
mode_of(const struct payload_record *record)
{
    if (vfs_is_folder(record)) {
        return S_IFDIR | 0755;
    }
    return record->kind == PAYLOAD_PROGRAM ? S_IFREG | 0755 : S_IFREG | 0644;
}

void
vfs_fill_stat(const struct payload_record *record, struct stat *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->st_dev = VFS_DEVICE;
    answer->st_ino = vfs_inode(record);
    answer->st_mode = mode_of(record);
    answer->st_nlink = 1;
    answer->st_blksize = 4096;
    answer->st_mtim = vfs_time(record);
    answer->st_atim = answer->st_mtim;
    answer->st_ctim = answer->st_mtim;
    if (!vfs_is_folder(record)) {
        answer->st_size = (off_t)record->size;
        answer->st_blocks = (blkcnt_t)((record->size + 511) / 512);
    }
}

int
vfs_fail(int error)
{
    errno = error;
    return -1;
}
