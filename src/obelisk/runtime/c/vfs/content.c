/* Giving the content of a file of the executable's own file system as an open file. See vfs/content.h. */

#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfs/guard.h"
#include "vfs/memory.h"
#include "vfs/vfs.h"
#include "vfs/write.h"

int __real_fstat(int, struct stat *);

/* What the open file of another open may keep of the flags. */
#define STATUS_FLAGS (O_NONBLOCK | O_APPEND | O_LARGEFILE)
#define OTHER_FLAGS (STATUS_FLAGS | O_CLOEXEC | O_PATH)

/* How many are remembered. */
#define LARGE_MAX 64
#define SMALL_MAX 64

/* Descriptors that nobody was given are out of the way of those that programs count on. */
#define KEEPERS_FROM 512

/* A small file that was opened, and the descriptor that was given, which may have been closed since. */
struct small {
    const struct payload_record *record;
    dev_t device;
    ino_t inode;
    int descriptor;
};

static atomic_flag guard = ATOMIC_FLAG_INIT;
static struct small small_files[SMALL_MAX]; /* guarded */
static unsigned small_next;                 /* guarded */
static struct vfs_large large_files[LARGE_MAX];
static atomic_bool offered[LARGE_MAX]; /* those that are not removed again: others may open them too */
_Atomic int vfs_large_count; /* whoever has seen it sees as many of them */

/* Programs are executed: a memory file must have all of them. */
static bool
is_large(const struct payload_record *record)
{
    return record->kind == PAYLOAD_FILE && !record->compressed && record->size >= VFS_LARGE;
}

static int
fill_small(int file, const void *record)
{
    return vfs_write(file, record) == 0 ? vfs_write_attributes(file, record) : -1;
}

static bool
is_same(int descriptor, dev_t device, ino_t inode)
{
    struct stat found;

    return __real_fstat(descriptor, &found) == 0 && found.st_dev == device
           && found.st_ino == inode;
}

/* Open once more what a descriptor was; it may be closed, or another's, at any moment. */
static int
open_again(int descriptor, dev_t device, ino_t inode, int flags)
{
    int again;

    if (!is_same(descriptor, device, inode)) {
        return -1;
    }
    again = vfs_memory_again(descriptor, O_RDONLY | (flags & OTHER_FLAGS));
    if (again >= 0 && !is_same(again, device, inode)) {
        close(again);
        return -1;
    }
    return again;
}

/* Return what is remembered of a record; its descriptor is negative if nothing is. */
static struct small
recall(const struct payload_record *record)
{
    struct small found = {.descriptor = -1};

    if (vfs_guard_enter(&guard)) {
        for (int i = 0; i < SMALL_MAX; i++) {
            if (small_files[i].record == record) {
                found = small_files[i];
            }
        }
        vfs_guard_leave(&guard);
    }
    return found;
}

static void
remember(const struct payload_record *record, int descriptor)
{
    struct stat found;
    unsigned place = SMALL_MAX;

    if (__real_fstat(descriptor, &found) != 0 || !vfs_guard_enter(&guard)) {
        return;
    }
    for (unsigned i = 0; i < SMALL_MAX; i++) {
        if (small_files[i].record == record) {
            place = i;
        }
    }
    if (place == SMALL_MAX) {
        place = small_next++ % SMALL_MAX;
    }
    small_files[place] = (struct small){record, found.st_dev, found.st_ino, descriptor};
    vfs_guard_leave(&guard);
}

/* A file that is made for one open has what `flags` ask for set afterwards. */
static int
with_flags(int file, int flags)
{
    int status = flags & STATUS_FLAGS;

    if (flags & O_PATH) {
        file = vfs_memory_reopen(file, O_PATH);
        status = 0;
    }
    if (file < 0) {
        return -1;
    }
    if ((flags & O_CLOEXEC) || fcntl(file, F_SETFD, 0) == 0) {
        if (status == 0 || fcntl(file, F_SETFL, status) == 0) {
            return file;
        }
    }
    close(file);
    return -1;
}

static int
open_small(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    const struct small other = recall(record);
    bool executable = record->kind == PAYLOAD_PROGRAM;
    int file = -1;

    if (other.descriptor >= 0) {
        file = open_again(other.descriptor, other.device, other.inode, flags);
    }
    if (file < 0) {
        file = vfs_memory_file(path->text, executable, fill_small, record);
        file = file < 0 ? -1 : with_flags(file, flags);
    }
    if (file >= 0) {
        remember(record, file);
    }
    return file;
}

static const struct vfs_large *
find_large(const struct payload_record *record)
{
    for (int i = atomic_load(&vfs_large_count) - 1; i >= 0; i--) {
        const struct vfs_large *large = &large_files[i];
        if (atomic_load(&offered[i]) && large->record == record
            && is_same(large->keeper, large->device, large->inode)) {
            return large;
        }
    }
    return NULL;
}

/* Take a memory file as the place of a large file; it is closed when that fails. */
static const struct vfs_large *
add_large(const struct payload_record *record, int file)
{
    struct vfs_large *large = NULL;
    struct stat found;
    int keeper = fcntl(file, F_DUPFD_CLOEXEC, KEEPERS_FROM);

    if (keeper >= 0) {
        close(file);
        file = keeper;
    }
    if (__real_fstat(file, &found) == 0 && vfs_guard_enter(&guard)) {
        int count = atomic_load(&vfs_large_count);
        if (count < LARGE_MAX) {
            large = &large_files[count];
            *large = (struct vfs_large){record, found.st_dev, found.st_ino, file};
            atomic_store(&offered[count], false);
            atomic_store(&vfs_large_count, count + 1);
        }
        vfs_guard_leave(&guard);
    }
    if (large == NULL) {
        close(file);
    }
    return large;
}

/* Make the memory file of a large file, with nothing in it. NULL where that cannot be. */
static const struct vfs_large *
make_large(const struct vfs_path *path, const struct payload_record *record)
{
    int file = vfs_memory_create(path->text, false);

    if (file < 0) {
        return NULL;
    }
    if (ftruncate(file, (off_t)record->size) != 0 || vfs_write_attributes(file, record) != 0
        || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        close(file);
        return NULL;
    }
    return add_large(record, file);
}

/* Forget a large file again that nobody was given a descriptor of, for it was not offered. */
static void
remove_large(const struct vfs_large *large)
{
    if (vfs_guard_enter(&guard)) {
        int last = atomic_load(&vfs_large_count) - 1;
        close(large->keeper);
        if (large == &large_files[last]) {
            atomic_store(&vfs_large_count, last);
        }
        vfs_guard_leave(&guard);
    }
}

/* A large file that another program could inherit by accident would be empty there. */
static int
open_large(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    const struct vfs_large *known = find_large(record);
    const struct vfs_large *large = known ? known : make_large(path, record);
    int file;

    if (large == NULL) {
        return -1;
    }
    file = open_again(large->keeper, large->device, large->inode, flags | O_CLOEXEC);
    if (file < 0 && known == NULL) {
        remove_large(large); /* its descriptor may be the last that there is */
    }
    else if (known == NULL) {
        atomic_store(&offered[large - large_files], true);
    }
    if (file >= 0 && file <= STDERR_FILENO
        && (vfs_large_fill(large, file) != 0
            || fcntl(file, F_SETFD, flags & O_CLOEXEC ? FD_CLOEXEC : 0) != 0)) {
        close(file);
        return -1;
    }
    return file;
}

int
vfs_open_content(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    int file = is_large(record) ? open_large(path, record, flags) : -1;

    /* Where there is no /proc, or too many large files, a copy is made of it as of a small one. */
    return file >= 0 ? file : open_small(path, record, flags);
}

const struct vfs_large *
vfs_large_by(const struct stat *found)
{
    for (int i = atomic_load(&vfs_large_count) - 1; i >= 0; i--) {
        if (large_files[i].inode == found->st_ino && large_files[i].device == found->st_dev
            && large_files[i].record->size == (uint64_t)found->st_size && found->st_nlink == 0) {
            return &large_files[i];
        }
    }
    return NULL;
}

int
vfs_large_of(int descriptor, const struct vfs_large **large)
{
    struct stat found;

    *large = NULL;
    if (atomic_load(&vfs_large_count) == 0) {
        return 0;
    }
    if (__real_fstat(descriptor, &found) != 0) {
        return -1;
    }
    *large = vfs_large_by(&found);
    return 0;
}

static bool
is_sealed(int file)
{
    int seals = fcntl(file, F_GET_SEALS);

    return seals >= 0 && (seals & F_SEAL_WRITE);
}

/* Others may do the same at the same time, with the same bytes. */
int
vfs_large_fill(const struct vfs_large *large, int descriptor)
{
    int file;
    int status = -1;

    if (is_sealed(descriptor)) {
        return 0;
    }
    file = vfs_memory_again(descriptor, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    if (vfs_write(file, large->record) == 0 && vfs_write_attributes(file, large->record) == 0
        && fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0) {
        status = 0;
    }
    if (status != 0 && is_sealed(file)) {
        status = 0;
    }
    int error = errno;
    close(file);
    errno = error;
    return status;
}

const struct payload_record *
vfs_small_by(const struct stat *found)
{
    const struct payload_record *record = NULL;

    if (vfs_guard_enter(&guard)) {
        for (int i = 0; i < SMALL_MAX; i++) {
            const struct small *small = &small_files[i];
            if (small->record != NULL && small->inode == found->st_ino
                && small->device == found->st_dev
                && small->record->size == (uint64_t)found->st_size
                && small->record->time % 1000000000 == (uint64_t)found->st_mtim.tv_nsec) {
                record = small->record;
            }
        }
        vfs_guard_leave(&guard);
    }
    return record;
}
