/* flock(2) on files of the executable's own file system: it holds between processes too.

   Two opens of a file in one process, and in what it forked, have one memory file, and the kernel knows of
   their locks. Other processes of the same executable have memory files of their own. So a lock is taken
   on the executable's file as well: on bytes of its own for each file, far behind the end.

   Who runs an executable cannot open it for writing, and without that there are no exclusive locks on
   parts of a file. There are shared ones, and the kernel tells whether somebody has one. So whoever
   wants a lock first puts a shared one on a byte that says what it wants, and then looks whether
   another has one that conflicts: two can never both succeed. Both may fail, and try again. */

#include "vfs/content.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "vfs/guard.h"
#include "vfs/memory.h"
#include "vfs/vfs.h"

int __real_open(const char *, int, ...);
int __real_flock(int, int);
int __real_fstat(int, struct stat *);
int __real_fcntl(int, int, ...);
int __real_close(int);

int __wrap_flock(int, int);
int __wrap_close(int);

#define SLOTS 32

/* Where the bytes are that stand for files: for each file those of shared locks, and behind them those of
   exclusive ones, one for each family. In a family the kernel knows who has a lock on the memory file, so
   what one of its processes has not yet given up is in nobody's way there. */
#define BYTES_AT ((off_t)1 << 61)
#define FAMILIES ((off_t)1 << 32)
#define SHARED 0
#define EXCLUSIVE 1

/* How often two that are in each other's way try again, and for how long they wait at most. */
#define ATTEMPTS 8
#define ATTEMPT_NANOSECONDS 2000000
#define WAIT_NANOSECONDS 10000000

/* A file that this process, or one that it was forked from or has forked, has locked. */
struct slot {
    const struct payload_record *record; /* NULL: free */
    int witness; /* another open of its memory file, to see whether it is still locked */
    int holder;  /* the executable's file, whose bytes are locked */
    pid_t owner; /* the process that opened these two */
    off_t family;
};

static struct slot slots[SLOTS]; /* guarded */
static _Atomic int used;         /* slots that are not free */
static atomic_flag guard = ATOMIC_FLAG_INIT;

/* The first of the bytes for one kind of lock. */
static off_t
bytes_of(const struct slot *slot, int kind)
{
    off_t position = payload_position(vfs_payload(), PAYLOAD_FILES, slot->record);

    return BYTES_AT + (2 * position + kind) * FAMILIES;
}

static off_t
byte_of(const struct slot *slot, int kind)
{
    return bytes_of(slot, kind) + slot->family;
}

static int
lock_byte(int file, off_t byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return __real_fcntl(file, F_OFD_SETLK, &lock);
}

static bool
is_locked(int file, off_t begin, off_t end)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = begin, .l_len = end - begin};

    return begin < end && __real_fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool
is_locked_by_another(const struct slot *slot, int kind)
{
    off_t own = byte_of(slot, kind);
    off_t begin = bytes_of(slot, kind);

    return is_locked(slot->holder, begin, own) || is_locked(slot->holder, own + 1, begin + FAMILIES);
}

/* Wait, with the signals of `mask` blocked. Returns -1 when one of the others came. */
static int
wait_up_to(long nanoseconds, unsigned seed, const sigset_t *mask)
{
    struct timespec now;
    struct timespec pause = {0, nanoseconds};

    /* Two that have met do not meet again. */
    if (clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
        pause.tv_nsec = 1 + (now.tv_nsec * 7919L + (long)seed * 104729L) % nanoseconds;
    }
    return ppoll(NULL, 0, &pause, mask);
}

/* Try once. On failure the bytes are as without this lock. */
static bool
try_bytes(const struct slot *slot, int kind)
{
    int other = kind == EXCLUSIVE ? SHARED : EXCLUSIVE;

    if (lock_byte(slot->holder, byte_of(slot, kind), F_RDLCK) != 0) {
        return true; /* a file system without such locks: that of the memory file is all there is */
    }
    if (is_locked_by_another(slot, EXCLUSIVE)
        || (kind == EXCLUSIVE && is_locked_by_another(slot, SHARED))) {
        lock_byte(slot->holder, byte_of(slot, kind), F_UNLCK);
        return false;
    }
    /* The kernel holds the whole family to one kind: the other byte is not needed. */
    lock_byte(slot->holder, byte_of(slot, other), F_UNLCK);
    return true;
}

/* Programs close descriptors that they do not know, and get the numbers again for other files. */
static bool
is_valid(const struct slot *slot)
{
    struct stat found;

    return __real_fstat(slot->witness, &found) == 0
           && vfs_content_of(slot->witness, &found) == slot->record;
}

/* Those who have inherited the descriptors have the same locks, so closing alone would not do: neither for
   the bytes nor for the lock by which `sweep` found that there is no other. */
static void
free_slot(struct slot *slot)
{
    lock_byte(slot->holder, byte_of(slot, SHARED), F_UNLCK);
    lock_byte(slot->holder, byte_of(slot, EXCLUSIVE), F_UNLCK);
    __real_flock(slot->witness, LOCK_UN);
    __real_close(slot->witness);
    __real_close(slot->holder);
    *slot = (struct slot){NULL, -1, -1, 0, 0};
    atomic_fetch_sub(&used, 1);
}

/* Give up the bytes of files that nobody in the family has locked any more. `owner` is not 0 where the
   slots may be those of the parent: a child of vfork has its memory, but descriptors of its own. */
static void
sweep(pid_t owner)
{
    if (atomic_load(&used) == 0 || !vfs_guard_enter(&guard)) {
        return;
    }
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &slots[i];
        if (slot->record != NULL && (owner == 0 || slot->owner == owner) && is_valid(slot)
            && __real_flock(slot->witness, LOCK_EX | LOCK_NB) == 0) {
            free_slot(slot);
        }
    }
    vfs_guard_leave(&guard);
}

/* Return a number below FAMILIES for a memory file. */
static off_t
family_of(const struct stat *file)
{
    return (off_t)(((uint64_t)file->st_ino ^ (uint64_t)file->st_dev * 0x9e3779b1U)
                   & (uint64_t)(FAMILIES - 1));
}

/* Open what a slot needs; false where that cannot be. */
static bool
open_slot(struct slot *slot, const struct payload_record *record, int file)
{
    int witness = vfs_memory_again(file, O_RDONLY | O_CLOEXEC);
    int holder = __real_open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat found;

    if (witness < 0 || holder < 0 || __real_fstat(witness, &found) != 0) {
        __real_close(witness);
        __real_close(holder);
        return false;
    }
    *slot = (struct slot){record, witness, holder, getpid(), family_of(&found)};
    return true;
}

static struct slot *
slot_for(const struct payload_record *record, int file)
{
    struct slot *unused = NULL;

    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].record == record) {
            return is_valid(&slots[i]) || open_slot(&slots[i], record, file) ? &slots[i] : NULL;
        }
        if (slots[i].record == NULL) {
            unused = &slots[i];
        }
    }
    if (unused == NULL || !open_slot(unused, record, file)) {
        return NULL;
    }
    atomic_fetch_add(&used, 1);
    return unused;
}

/* Lock a file's bytes for this process and its family. Without /proc other processes are not seen. */
static bool
try_family(const struct payload_record *record, int file, int kind)
{
    bool done = true;
    struct slot *slot;

    if (!vfs_guard_enter(&guard)) {
        return true;
    }
    slot = slot_for(record, file);
    if (slot != NULL) {
        done = try_bytes(slot, kind);
    }
    vfs_guard_leave(&guard);
    return done;
}

static int
give_up(int file, int error)
{
    __real_flock(file, LOCK_UN);
    sweep(0);
    return vfs_fail(error);
}

/* Try until the lock is there, or return what errno is to say. Signals come while it is waited only: none
   goes by unseen. */
static int
wait_for_family(const struct payload_record *record, int file, int operation, const sigset_t *mask)
{
    int kind = operation & LOCK_EX ? EXCLUSIVE : SHARED;

    for (unsigned attempt = 0; !try_family(record, file, kind); attempt++) {
        long pause = attempt < ATTEMPTS ? ATTEMPT_NANOSECONDS : WAIT_NANOSECONDS;
        if ((operation & LOCK_NB) && attempt >= ATTEMPTS) {
            return EWOULDBLOCK;
        }
        if (wait_up_to(pause, (unsigned)getpid() + attempt, mask) < 0 && !(operation & LOCK_NB)) {
            return EINTR;
        }
    }
    return 0;
}

/* With the memory file locked, lock it for other processes too. */
static int
lock_family(const struct payload_record *record, int file, int operation)
{
    sigset_t all;
    sigset_t mask;
    int error;

    if (try_family(record, file, operation & LOCK_EX ? EXCLUSIVE : SHARED)) {
        return 0;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    error = wait_for_family(record, file, operation, &mask);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return error ? give_up(file, error) : 0;
}

int
__wrap_flock(int file, int operation)
{
    struct stat found;
    const struct payload_record *record;

    if (__real_flock(file, operation) != 0) {
        return -1;
    }
    record = __real_fstat(file, &found) == 0 ? vfs_content_of(file, &found) : NULL;
    if (record == NULL) {
        return 0;
    }
    if (operation & LOCK_UN) {
        sweep(0);
        return 0;
    }
    return lock_family(record, file, operation);
}

int
__wrap_close(int file)
{
    int status = __real_close(file);

    if (atomic_load(&used) > 0) {
        int error = errno;
        sweep(getpid());
        errno = error;
    }
    return status;
}
