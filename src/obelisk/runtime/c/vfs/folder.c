/* Open folders of the executable's own file system. See vfs/vfs.h.

   The kernel has no folder that it could open, so it opens an empty nameless file, on which its time is
   the number of the folder's record. That needs no table: copies of the descriptor, in other processes
   too, are the folder as well; and its offset is the place where reading goes on. Whatever the
   kernel cannot do with it, it refuses by ENOTDIR. libc's own streams of folders work on it. */

#include "vfs/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfs/memory.h"

/* The sticky bit means nothing on a file: nobody else makes such a nameless one. */
#define MARK_MODE (S_ISVTX | 0644)

int __real_fstat(int, struct stat *);
int __real_fchmod(int, mode_t);
struct dirent *__real_readdir(DIR *);
ssize_t __real_posix_getdents(int, void *, size_t, int);
int __real_getdents(int, struct dirent *, size_t);

struct dirent *__wrap_readdir(DIR *);
ssize_t __wrap_posix_getdents(int, void *, size_t, int);
int __wrap_getdents(int, struct dirent *, size_t);

/* As src/dirent/__dirent.h of musl has it. */
struct __dirstream {
    off_t tell;
    int fd;
    int buf_pos;
    int buf_end;
    volatile int lock[1];
    char buf[2048];
};

/* Tells the folders of one build from those of another, as nanoseconds. */
static long
mark(void)
{
    uint64_t mixed = vfs_payload()->size * 0x9e3779b97f4a7c15u ^ vfs_payload()->names.size;

    return (long)(mixed % 1000000000u);
}

/* Make an empty file the folder of a record. */
static int
mark_file(int file, const void *record)
{
    const struct timespec times[2] = {{0, UTIME_OMIT}, {(time_t)vfs_inode(record), mark()}};

    return futimens(file, times) == 0 ? __real_fchmod(file, MARK_MODE) : -1;
}

int
vfs_open_folder(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    int file = vfs_memory_file(path->text, false, mark_file, record);

    if (file >= 0 && !(flags & O_CLOEXEC)) {
        fcntl(file, F_SETFD, 0);
    }
    return file;
}

bool
vfs_folder_of(const struct stat *real, const struct payload_record **record)
{
    uint64_t number = (uint64_t)real->st_mtim.tv_sec; /* of an inode, see vfs_inode */

    if (real->st_mode != (S_IFREG | MARK_MODE) || real->st_nlink != 0 || real->st_size != 0
        || vfs_payload() == NULL || real->st_mtim.tv_nsec != mark() || number == 0
        || number - 1 > payload_count(vfs_payload(), PAYLOAD_FILES)) {
        return false;
    }
    *record = number == 1 ? NULL
                          : payload_at(vfs_payload(), PAYLOAD_FILES, (uint32_t)(number - 2));
    return vfs_is_folder(*record);
}

bool
vfs_is_open(int file)
{
    const struct payload_record *record;
    struct stat real;

    return __real_fstat(file, &real) == 0 && S_ISREG(real.st_mode)
           && (vfs_folder_of(&real, &record) || vfs_content_of(file, &real) != NULL);
}

/* The entries of a folder, in order: itself, its parent, and what is in it. */
struct listing {
    const struct payload_record *self;
    struct vfs_path path;
    uint32_t begin; /* positions of records: what is in a folder stands side by side */
    uint32_t end;
};

/* The keys of what is in a folder begin with its path and a zero byte. */
static void
begin_listing(struct listing *listing, const struct payload_record *record)
{
    struct vfs_path *path = &listing->path;
    struct payload_span name = {path->text, 0};

    listing->self = record;
    vfs_path_of(record, path);
    name.size = path->size + 1;
    path->text[path->size] = '\0';
    listing->begin = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
    path->text[path->size] = '\1';
    listing->end = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
}

/* The folder that holds the executable is a real one. */
static ino_t
inode_above(void)
{
    struct vfs_path path;
    struct stat file;

    snprintf(path.text, sizeof(path.text), "%s/..", vfs_root());
    return stat(path.text, &file) == 0 ? file.st_ino : 1;
}

static ino_t
inode_of_parent(const struct listing *listing)
{
    struct vfs_path path = listing->path;

    if (path.size == 0) {
        return inode_above();
    }
    while (path.size > 0 && path.text[--path.size] != '/') {
    }
    return vfs_inode(vfs_find(&path));
}

/* Write the entry at a place of a folder. Returns its size, or 0 when there is no room for it. */
static size_t
write_entry(const struct listing *listing, off_t place, char *buffer, size_t room)
{
    struct dirent *entry = (void *)buffer;
    struct payload_span name = {"..", (size_t)place + 1};
    const struct payload_record *record = NULL;
    size_t size;

    if (place >= 2) {
        record = payload_at(vfs_payload(), PAYLOAD_FILES, listing->begin + (uint32_t)(place - 2));
        name = payload_name(vfs_payload(), record);
        name.start += listing->path.size + 1;
        name.size -= listing->path.size + 1;
    }
    if (name.size >= sizeof(entry->d_name)) {
        name.size = sizeof(entry->d_name) - 1;
    }
    size = (offsetof(struct dirent, d_name) + name.size + 8) & ~(size_t)7;
    if (size > room) {
        return 0;
    }
    memset(buffer, 0, size);
    memcpy(buffer + offsetof(struct dirent, d_name), name.start, name.size);
    entry->d_reclen = (unsigned short)size;
    entry->d_off = place + 1;
    entry->d_type = record && !vfs_is_folder(record) ? DT_REG : DT_DIR;
    entry->d_ino = place == 1 ? inode_of_parent(listing)
                              : vfs_inode(place == 0 ? listing->self : record);
    return size;
}

/* As getdents(2) on an open folder of ours; ENOTDIR for other descriptors. */
static ssize_t
list(int file, char *buffer, size_t size)
{
    const struct payload_record *record;
    struct listing listing;
    struct stat real;
    size_t filled = 0;
    off_t place;
    off_t end;

    if (__real_fstat(file, &real) != 0 || !vfs_folder_of(&real, &record)) {
        return vfs_fail(ENOTDIR);
    }
    begin_listing(&listing, record);
    end = 2 + (off_t)(listing.end - listing.begin);
    place = lseek(file, 0, SEEK_CUR);
    while (place < end) {
        size_t written = write_entry(&listing, place, buffer + filled, size - filled);
        if (written == 0) {
            break;
        }
        filled += written;
        place++;
    }
    if (filled == 0 && place < end) {
        return vfs_fail(EINVAL);
    }
    lseek(file, place, SEEK_SET);
    return (ssize_t)filled;
}

struct dirent *
__wrap_readdir(DIR *stream)
{
    int before = errno;
    struct dirent *entry = __real_readdir(stream);
    ssize_t filled;

    if (entry != NULL || errno != ENOTDIR) {
        return entry;
    }
    filled = list(stream->fd, stream->buf, sizeof(stream->buf));
    if (filled < 0) {
        return NULL;
    }
    stream->buf_pos = 0;
    stream->buf_end = (int)filled;
    errno = before;
    return filled > 0 ? __real_readdir(stream) : NULL;
}

ssize_t
__wrap_posix_getdents(int file, void *buffer, size_t size, int flags)
{
    ssize_t filled = __real_posix_getdents(file, buffer, size, flags);

    return filled < 0 && errno == ENOTDIR ? list(file, buffer, size) : filled;
}

int
__wrap_getdents(int file, struct dirent *buffer, size_t size)
{
    int filled = __real_getdents(file, buffer, size);

    return filled < 0 && errno == ENOTDIR ? (int)list(file, (char *)buffer, size) : filled;
}
