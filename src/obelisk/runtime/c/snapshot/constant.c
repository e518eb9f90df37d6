/* What differs between two processes that do the same, made constant while a snapshot is made: time,
   random numbers and the process's number (files: snapshot/files.c). Otherwise the same input would give
   other bytes.

   The clock is ours in each process of such an executable: libc's keeps where the kernel put its vDSO, and
   that is elsewhere in a process that goes on. */

#include "snapshot/snapshot.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "elf/dso.h"
#include "snapshot/early.h"
#include "snapshot/format.h"
#include "snapshot/machine.h"

#define TIME 315705600                /* as VFS_TOP_TIME */
#define UPTIME 0 /* less than that of any process which goes on */
#define STEP_NANOSECONDS 1000000L     /* from one look at the clock to the next */

typedef int (*clock_function)(clockid_t, struct timespec *);

/* Of musl, hidden: finds a function of the vDSO. */
void *__vdsosym(const char *version, const char *name);
int __clock_gettime(clockid_t, struct timespec *);
int __sigaction(int, const struct sigaction *restrict, struct sigaction *restrict);
ssize_t __real_getrandom(void *, size_t, unsigned);
ssize_t __wrap_getrandom(void *, size_t, unsigned);
pid_t __real_getpid(void);
pid_t __wrap_getpid(void);
pid_t __real_getppid(void);
pid_t __wrap_getppid(void);

static clock_function clock_of_kernel;
static bool knows_clock;
static uint64_t looks;
static uint64_t random_blocks;

void
snapshot_renew_clock(void)
{
    knows_clock = false;
}

static int
constant_time(clockid_t clock, struct timespec *time)
{
    uint64_t nanoseconds = __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) * STEP_NANOSECONDS;

    snapshot_note("time", NULL, NULL);
    time->tv_sec = (clock == CLOCK_REALTIME ? TIME : UPTIME) + (time_t)(nanoseconds / 1000000000);
    time->tv_nsec = (long)(nanoseconds % 1000000000);
    return 0;
}

int
__clock_gettime(clockid_t clock, struct timespec *time)
{
    int status = -ENOSYS;

    if (snapshot_is_preparing()) {
        return constant_time(clock, time);
    }
    if (!knows_clock) {
        clock_of_kernel = (clock_function)(uintptr_t)__vdsosym("LINUX_2.6", "__vdso_clock_gettime");
        knows_clock = true;
    }
    if (clock_of_kernel != NULL) {
        status = clock_of_kernel(clock, time);
    }
    if (status != 0 && status != -EINVAL) {
        status = (int)machine_call(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0);
    }
    errno = status ? -status : errno;
    return status ? -1 : 0;
}

int clock_gettime(clockid_t, struct timespec *) __attribute__((alias("__clock_gettime")));

int
sched_getcpu(void)
{
    unsigned processor = 0;

    return machine_call(SYS_getcpu, (long)&processor, 0, 0, 0, 0, 0) == 0 ? (int)processor : -1;
}

static void
constant_random(unsigned char *into, size_t size, const void *caller)
{
    uint64_t offset;
    uint64_t part;
    const struct snapshot_header *header = early_part(&offset, &part);

    /* Linked objects seed their hash maps; programs draw by CPython. */
    snapshot_note(objects_around(caller) >= 0 ? "seed" : "random", NULL, NULL);
    while (size > 0) {
        uint64_t block = XXH64(header->seed, sizeof(header->seed), ++random_blocks);
        size_t step = size < sizeof(block) ? size : sizeof(block);

        memcpy(into, &block, step);
        into += step;
        size -= step;
    }
}

ssize_t
__wrap_getrandom(void *into, size_t size, unsigned flags)
{
    if (!snapshot_is_preparing()) {
        return __real_getrandom(into, size, flags);
    }
    constant_random(into, size, __builtin_return_address(0));
    return (ssize_t)size;
}

pid_t
__wrap_getpid(void)
{
    snapshot_note("pid", NULL, NULL);
    return snapshot_is_preparing() ? NUMBER_WHILE_PREPARING : __real_getpid();
}

pid_t
__wrap_getppid(void)
{
    return snapshot_is_preparing() ? 1 : __real_getppid();
}

/* In place of libc's: nobody takes the signal that answers CPUID while a snapshot is made. */
int
sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict before)
{
    static struct sigaction kept;
    struct sigaction found = kept;

    if (number != SIGSEGV || !snapshot_is_preparing() || !machine_hides_features()) {
        return __sigaction(number, action, before);
    }
    if (action != NULL) {
        kept = *action;
    }
    if (before != NULL) {
        *before = found;
    }
    return 0;
}

/* Answer a system call that is made by its number; false when the kernel is to answer. */
static bool
answer(long number, const long given[6], const void *caller, long *result)
{
    if (!snapshot_is_preparing()) {
        return false;
    }
    switch (number) {
    case SYS_getrandom:
        constant_random((void *)given[0], (size_t)given[1], caller);
        *result = given[1];
        return true;
    case SYS_clock_gettime:
        *result = constant_time((clockid_t)given[0], (void *)given[1]);
        return true;
    case SYS_getpid:
    case SYS_gettid:
        *result = NUMBER_WHILE_PREPARING;
        return true;
    default:
        return false;
    }
}

/* In place of libc's. */
long
syscall(long number, ...)
{
    long given[6];
    long result;
    va_list rest;

    va_start(rest, number);
    for (int i = 0; i < 6; i++) {
        given[i] = va_arg(rest, long);
    }
    va_end(rest);
    if (answer(number, given, __builtin_return_address(0), &result)) {
        return result;
    }
    result = machine_call(number, given[0], given[1], given[2], given[3], given[4], given[5]);
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
