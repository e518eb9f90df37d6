/* Large files of the executable's own file system are read where they are. See vfs/content.h.

   A descriptor of one is that of a memory file of the same size with nothing in it. Where it stands,
   what `lseek`, `dup`, `fork`, `poll` and locks do, is the kernel's business; what would read it takes
   the bytes from the mapped executable, or hands the kernel the executable's file. */

#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/os.h"
#include "vfs/guard.h"
#include "vfs/vfs.h"

int __real_open(const char *, int, ...);
ssize_t __real_read(int, void *, size_t);
ssize_t __real_readv(int, const struct iovec *, int);
ssize_t __real_pread(int, void *, size_t, off_t);
ssize_t __real_preadv(int, const struct iovec *, int, off_t);
ssize_t __real_preadv2(int, const struct iovec *, int, off_t, int);
off_t __real_lseek(int, off_t, int);
void *__real_mmap(void *, size_t, int, int, int, off_t);
ssize_t __real_sendfile(int, int, off_t *, size_t);
ssize_t __real_copy_file_range(int, off_t *, int, off_t *, size_t, unsigned);
ssize_t __real_splice(int, off_t *, int, off_t *, size_t, unsigned);

ssize_t __wrap_read(int, void *, size_t);
ssize_t __wrap_readv(int, const struct iovec *, int);
ssize_t __wrap_pread(int, void *, size_t, off_t);
ssize_t __wrap_preadv(int, const struct iovec *, int, off_t);
ssize_t __wrap_preadv2(int, const struct iovec *, int, off_t, int);
off_t __wrap_lseek(int, off_t, int);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
ssize_t __wrap_sendfile(int, int, off_t *, size_t);
ssize_t __wrap_copy_file_range(int, off_t *, int, off_t *, size_t, unsigned);
ssize_t __wrap_splice(int, off_t *, int, off_t *, size_t, unsigned);

/* What the kernel reads at most at once. */
#define READ_MAX 0x7ffff000

/* Positions are moved by one thread at a time. */
static atomic_flag moving = ATOMIC_FLAG_INIT;

/* Return how much of `wanted` bytes there is at an offset. */
static size_t
available(const struct vfs_large *large, off_t offset, size_t wanted)
{
    uint64_t size = large->record->size;
    uint64_t left = (uint64_t)offset < size ? size - (uint64_t)offset : 0;

    wanted = wanted < READ_MAX ? wanted : READ_MAX;
    return left < wanted ? (size_t)left : wanted;
}

/* Move the position behind what will be read, and return where it was; -1 with errno. */
static off_t
advance(const struct vfs_large *large, int file, size_t *wanted)
{
    bool entered = vfs_guard_enter(&moving);
    off_t offset = __real_lseek(file, 0, SEEK_CUR);

    if (offset >= 0) {
        *wanted = available(large, offset, *wanted);
        if (__real_lseek(file, offset + (off_t)*wanted, SEEK_SET) < 0) {
            offset = -1;
        }
    }
    if (entered) {
        vfs_guard_leave(&moving);
    }
    return offset;
}

static const char *
content(const struct vfs_large *large)
{
    return payload_unchecked(vfs_payload(), large->record).start;
}

static ssize_t
read_at(const struct vfs_large *large, void *into, size_t size, off_t offset)
{
    if (offset < 0) {
        return vfs_fail(EINVAL);
    }
    size = available(large, offset, size);
    memcpy(into, content(large) + offset, size);
    return (ssize_t)size;
}

static ssize_t
read_next(const struct vfs_large *large, int file, void *into, size_t size)
{
    off_t offset = advance(large, file, &size);

    return offset < 0 ? -1 : read_at(large, into, size, offset);
}

/* Return the sum of the parts' sizes, or -1 where the kernel would not take them. */
static ssize_t
sum_of(const struct iovec *parts, int count)
{
    size_t sum = 0;

    if (count < 0 || count > IOV_MAX) {
        return vfs_fail(EINVAL);
    }
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > (size_t)SSIZE_MAX - sum) {
            return vfs_fail(EINVAL);
        }
        sum += parts[i].iov_len;
    }
    return (ssize_t)sum;
}

static ssize_t
scatter_at(const struct vfs_large *large, const struct iovec *parts, int count, off_t offset)
{
    ssize_t done = 0;
    ssize_t sum = sum_of(parts, count);

    if (sum < 0 || offset < 0) {
        return vfs_fail(EINVAL);
    }
    for (int i = 0; i < count && done < READ_MAX; i++) {
        done += read_at(large, parts[i].iov_base, parts[i].iov_len, offset + done);
    }
    return done;
}

static ssize_t
scatter_next(const struct vfs_large *large, int file, const struct iovec *parts, int count)
{
    ssize_t sum = sum_of(parts, count);
    size_t size = (size_t)sum;
    off_t offset = sum < 0 ? -1 : advance(large, file, &size);

    return offset < 0 ? -1 : scatter_at(large, parts, count, offset);
}

ssize_t
__wrap_read(int file, void *into, size_t size)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    return large ? read_next(large, file, into, size) : __real_read(file, into, size);
}

ssize_t
__wrap_pread(int file, void *into, size_t size, off_t offset)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    return large ? read_at(large, into, size, offset) : __real_pread(file, into, size, offset);
}

ssize_t
__wrap_readv(int file, const struct iovec *parts, int count)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    return large ? scatter_next(large, file, parts, count) : __real_readv(file, parts, count);
}

ssize_t
__wrap_preadv(int file, const struct iovec *parts, int count, off_t offset)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    return large ? scatter_at(large, parts, count, offset)
                 : __real_preadv(file, parts, count, offset);
}

ssize_t
__wrap_preadv2(int file, const struct iovec *parts, int count, off_t offset, int flags)
{
    const struct vfs_large *large;

    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    if (large == NULL) {
        return __real_preadv2(file, parts, count, offset, flags);
    }
    return offset == -1 ? scatter_next(large, file, parts, count)
                        : scatter_at(large, parts, count, offset);
}

/* The memory file is one hole, but the file is none. */
off_t
__wrap_lseek(int file, off_t offset, int whence)
{
    const struct vfs_large *large;
    off_t size;

    if (whence != SEEK_DATA && whence != SEEK_HOLE) {
        return __real_lseek(file, offset, whence);
    }
    if (vfs_large_of(file, &large) != 0) {
        return -1;
    }
    if (large == NULL) {
        return __real_lseek(file, offset, whence);
    }
    size = (off_t)large->record->size;
    if (offset < 0 || offset >= size) {
        return vfs_fail(ENXIO);
    }
    return __real_lseek(file, whence == SEEK_DATA ? offset : size, SEEK_SET);
}

/* Open the file of the executable, which has the content at `*start`. Returns -1 where that cannot be, or
   where it is another file. */
static int
open_executable(const struct vfs_large *large, off_t *start)
{
    struct os_span payload = os_segment(OS_PAYLOAD);
    int file = __real_open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char found[64];

    *start = (off_t)(payload.offset + large->record->offset);
    if (file >= 0
        && (__real_pread(file, found, sizeof(found), *start) != (ssize_t)sizeof(found)
            || memcmp(found, content(large), sizeof(found)) != 0)) {
        close(file);
        return -1;
    }
    return file;
}

static void *
map_executable(const struct vfs_large *large, void *address, size_t size, int protection, int flags,
               off_t offset)
{
    off_t start;
    int file = open_executable(large, &start);
    void *mapped;
    int error;

    if (file < 0) {
        return NULL;
    }
    mapped = __real_mmap(address, size, protection, flags, file, start + offset);
    error = errno;
    close(file);
    errno = error;
    return mapped;
}

/* The executable's pages that are mapped end where the file's do, and are zero behind it. */
void *
__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    const struct vfs_large *large = NULL;
    uint64_t pages;
    void *mapped;

    if (file >= 0 && !(flags & MAP_ANONYMOUS) && vfs_large_of(file, &large) != 0) {
        return MAP_FAILED;
    }
    if (large == NULL) {
        return __real_mmap(address, size, protection, flags, file, offset);
    }
    pages = (large->record->size + 4095) & ~(uint64_t)4095;
    if (offset >= 0 && (uint64_t)offset < pages && size <= pages - (uint64_t)offset) {
        mapped = map_executable(large, address, size, protection, flags, offset);
        if (mapped != NULL) {
            return mapped;
        }
    }
    if (vfs_large_fill(large, file) != 0) {
        return MAP_FAILED;
    }
    return __real_mmap(address, size, protection, flags, file, offset);
}

/* What one of the calls below does, with the file to read from and where. */
struct transfer {
    int into;
    off_t *into_offset;
    unsigned flags;
    ssize_t (*move)(const struct transfer *, int file, off_t *offset, size_t size);
};

/* Let the kernel move content from the executable's file. Returns -2 where it shall move it as it would. */
static ssize_t
move_content(int from, off_t *from_offset, size_t size, const struct transfer *transfer)
{
    const struct vfs_large *large;
    off_t offset;
    off_t start;
    off_t at;
    ssize_t moved;
    int file;
    int error;

    if (vfs_large_of(from, &large) != 0) {
        return -1;
    }
    if (large == NULL) {
        return -2;
    }
    offset = from_offset ? *from_offset : __real_lseek(from, 0, SEEK_CUR);
    if (offset < 0) {
        return vfs_fail(EINVAL);
    }
    file = open_executable(large, &start);
    if (file < 0) {
        return vfs_large_fill(large, from) == 0 ? -2 : -1;
    }
    at = start + offset;
    moved = transfer->move(transfer, file, &at, available(large, offset, size));
    error = errno;
    close(file);
    errno = error;
    if (moved > 0 && from_offset) {
        *from_offset = offset + moved;
    }
    else if (moved > 0) {
        __real_lseek(from, offset + moved, SEEK_SET);
    }
    return moved;
}

static ssize_t
move_by_sendfile(const struct transfer *transfer, int file, off_t *offset, size_t size)
{
    return __real_sendfile(transfer->into, file, offset, size);
}

ssize_t
__wrap_sendfile(int into, int from, off_t *offset, size_t size)
{
    const struct transfer transfer = {into, NULL, 0, move_by_sendfile};
    ssize_t moved = move_content(from, offset, size, &transfer);

    return moved == -2 ? __real_sendfile(into, from, offset, size) : moved;
}

static ssize_t
move_by_copying(const struct transfer *transfer, int file, off_t *offset, size_t size)
{
    return __real_copy_file_range(file, offset, transfer->into, transfer->into_offset, size,
                                  transfer->flags);
}

ssize_t
__wrap_copy_file_range(int from, off_t *offset, int into, off_t *into_offset, size_t size,
                       unsigned flags)
{
    const struct transfer transfer = {into, into_offset, flags, move_by_copying};
    ssize_t moved = move_content(from, offset, size, &transfer);

    return moved == -2 ? __real_copy_file_range(from, offset, into, into_offset, size, flags)
                       : moved;
}

static ssize_t
move_by_splicing(const struct transfer *transfer, int file, off_t *offset, size_t size)
{
    return __real_splice(file, offset, transfer->into, transfer->into_offset, size,
                         transfer->flags);
}

ssize_t
__wrap_splice(int from, off_t *offset, int into, off_t *into_offset, size_t size, unsigned flags)
{
    const struct transfer transfer = {into, into_offset, flags, move_by_splicing};
    ssize_t moved = move_content(from, offset, size, &transfer);

    return moved == -2 ? __real_splice(from, offset, into, into_offset, size, flags) : moved;
}
