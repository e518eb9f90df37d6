/* Locks of our libc (data/patches/musl/02-*): taken while the process has one thread, released when it has
   more, and the other way round; shared with other processes, used in signal handlers, after fork.

       locks_check [SECONDS]

   Prints what is wrong and exits 1. A lost wake-up is a deadlock, which the alarm ends. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8

#define CHECK(condition) check((condition), #condition, __LINE__)

static int failures;

static void
check(int right, const char *what, int line)
{
    if (!right) {
        printf("line %d: not so: %s\n", line, what);
        failures++;
    }
}

static struct timespec
after(long milliseconds)
{
    struct timespec when;

    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_nsec += milliseconds * 1000000;
    when.tv_sec += when.tv_nsec / 1000000000;
    when.tv_nsec %= 1000000000;
    return when;
}

static void
start(pthread_t *thread, void *(*work)(void *), void *argument)
{
    if (pthread_create(thread, NULL, work, argument) != 0) {
        abort();
    }
}

static pthread_mutex_t
mutex_of(int type, int shared, int robust)
{
    pthread_mutexattr_t how;
    pthread_mutex_t mutex;

    pthread_mutexattr_init(&how);
    pthread_mutexattr_settype(&how, type);
    pthread_mutexattr_setpshared(&how, shared);
    pthread_mutexattr_setrobust(&how, robust);
    pthread_mutex_init(&mutex, &how);
    return mutex;
}

/* What each kind of mutex answers, in a process of one thread or of several. */
static void
check_kinds(void)
{
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t recursive = mutex_of(PTHREAD_MUTEX_RECURSIVE, 0, 0);
    pthread_mutex_t checking = mutex_of(PTHREAD_MUTEX_ERRORCHECK, 0, 0);
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    struct timespec soon = after(5);
    mtx_t c11;

    for (int turn = 0; turn < 2; turn++) {
        CHECK(pthread_mutex_lock(&plain) == 0 && pthread_mutex_trylock(&plain) == EBUSY);
        CHECK(pthread_mutex_timedlock(&plain, &soon) == ETIMEDOUT);
        CHECK(pthread_mutex_unlock(&plain) == 0 && pthread_mutex_trylock(&plain) == 0);
        CHECK(pthread_mutex_unlock(&plain) == 0);
    }
    CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_trylock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == EPERM);
    CHECK(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK);
    CHECK(pthread_mutex_unlock(&checking) == 0 && pthread_mutex_unlock(&checking) == EPERM);
    CHECK(pthread_rwlock_rdlock(&lock) == 0 && pthread_rwlock_rdlock(&lock) == 0);
    CHECK(pthread_rwlock_trywrlock(&lock) == EBUSY && pthread_rwlock_unlock(&lock) == 0);
    CHECK(pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_wrlock(&lock) == 0);
    CHECK(pthread_rwlock_tryrdlock(&lock) == EBUSY && pthread_rwlock_unlock(&lock) == 0);
    mtx_init(&c11, mtx_plain);
    CHECK(mtx_lock(&c11) == thrd_success && mtx_trylock(&c11) == thrd_busy);
    CHECK(mtx_unlock(&c11) == thrd_success && mtx_trylock(&c11) == thrd_success);
}

/* Each lock is held by the only thread when a second one comes that wants it. */
static struct {
    pthread_mutex_t plain;
    pthread_mutex_t recursive;
    pthread_rwlock_t lock;
    sem_t free;
    sem_t tried;
    pthread_cond_t changed;
    int ready;
} held;

static void *
want_held(void *unused)
{
    CHECK(pthread_mutex_trylock(&held.recursive) == EBUSY);
    CHECK(pthread_mutex_unlock(&held.recursive) == EPERM);
    CHECK(pthread_rwlock_tryrdlock(&held.lock) == EBUSY);
    sem_post(&held.tried);
    pthread_mutex_lock(&held.plain);
    while (!held.ready) {
        pthread_cond_wait(&held.changed, &held.plain);
    }
    pthread_mutex_unlock(&held.plain);
    pthread_rwlock_rdlock(&held.lock);
    pthread_mutex_lock(&held.recursive);
    sem_wait(&held.free);
    return unused;
}

static void
check_first_thread(void)
{
    pthread_t thread;

    held.plain = mutex_of(PTHREAD_MUTEX_NORMAL, 0, 0);
    held.recursive = mutex_of(PTHREAD_MUTEX_RECURSIVE, 0, 0);
    pthread_rwlock_init(&held.lock, NULL);
    sem_init(&held.free, 0, 1);
    sem_init(&held.tried, 0, 0);
    held.ready = 0;
    pthread_mutex_lock(&held.plain);
    pthread_mutex_lock(&held.recursive);
    pthread_rwlock_wrlock(&held.lock);
    CHECK(sem_trywait(&held.free) == 0 && sem_trywait(&held.free) == -1 && errno == EAGAIN);
    start(&thread, want_held, NULL);
    sem_wait(&held.tried);
    pthread_mutex_unlock(&held.plain);
    sched_yield();
    pthread_mutex_lock(&held.plain);
    held.ready = 1;
    pthread_cond_signal(&held.changed);
    pthread_mutex_unlock(&held.plain);
    pthread_rwlock_unlock(&held.lock);
    pthread_mutex_unlock(&held.recursive);
    sem_post(&held.free);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_rwlock_trywrlock(&held.lock) == EBUSY && pthread_mutex_trylock(&held.plain) == 0);
    CHECK(pthread_mutex_trylock(&held.recursive) == EBUSY);
}

static void *
die_holding(void *mutex)
{
    pthread_mutex_lock(mutex);
    return NULL;
}

static void
check_robust(int shared)
{
    pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL, shared, 1);
    pthread_t thread;

    start(&thread, die_holding, &mutex);
    pthread_join(thread, NULL);
    CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD && pthread_mutex_consistent(&mutex) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_lock(&mutex) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

/* Whoever sleeps for a lock leaves the other alone with it: two that spin meet at each turn. */
#define SPIN(attempt)       \
    while ((attempt) != 0) { \
    }

/* Begin each round together with the other, so that the two do run side by side. */
static void
meet(int *arrived, long rounds)
{
    __atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST);
    for (int spins = 0; __atomic_load_n(arrived, __ATOMIC_SEQ_CST) < 2 * rounds; spins++) {
        if (spins % 100000 == 99999) {
            sched_yield();
        }
    }
}

/* Two processes of one thread each, over memory that they share. */
struct shared {
    pthread_mutex_t plain;
    pthread_mutex_t recursive;
    pthread_rwlock_t lock;
    sem_t one;
    pthread_cond_t changed;
    int arrived;
    volatile int turn;
    volatile long counts[4];
};

static void
count_shared(struct shared *both, int turns)
{
    for (int i = 0; i < turns; i++) {
        if (i % 10000 == 0) {
            meet(&both->arrived, i / 10000 + 1);
        }
        SPIN(pthread_mutex_trylock(&both->plain));
        both->counts[0]++;
        pthread_mutex_unlock(&both->plain);
        SPIN(pthread_mutex_trylock(&both->recursive));
        both->counts[1]++;
        pthread_mutex_unlock(&both->recursive);
        SPIN(pthread_rwlock_trywrlock(&both->lock));
        both->counts[2]++;
        pthread_rwlock_unlock(&both->lock);
        SPIN(sem_trywait(&both->one));
        both->counts[3]++;
        sem_post(&both->one);
    }
}

static void
take_turns(struct shared *both, int mine, int turns)
{
    for (int i = 0; i < turns; i++) {
        pthread_mutex_lock(&both->plain);
        while (both->turn != mine) {
            pthread_cond_wait(&both->changed, &both->plain);
        }
        both->turn = !mine;
        pthread_cond_signal(&both->changed);
        pthread_mutex_unlock(&both->plain);
    }
}

static void
check_processes(int turns)
{
    struct shared *both =
        mmap(NULL, sizeof(*both), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_rwlockattr_t how_lock;
    pthread_condattr_t how_condition;
    pid_t child;
    int status;

    both->plain = mutex_of(PTHREAD_MUTEX_NORMAL, 1, 0);
    both->recursive = mutex_of(PTHREAD_MUTEX_RECURSIVE, 1, 0);
    pthread_rwlockattr_init(&how_lock);
    pthread_rwlockattr_setpshared(&how_lock, 1);
    pthread_rwlock_init(&both->lock, &how_lock);
    pthread_condattr_init(&how_condition);
    pthread_condattr_setpshared(&how_condition, 1);
    pthread_cond_init(&both->changed, &how_condition);
    sem_init(&both->one, 1, 1);
    child = fork();
    count_shared(both, turns);
    take_turns(both, child == 0, turns / 100);
    if (child == 0) {
        check_kinds();
        check_first_thread();
        _exit(failures);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < 4; i++) {
        CHECK(both->counts[i] == 2 * turns);
    }
    munmap(both, sizeof(*both));
}

/* A child that runs beside its parent in the same memory, and is no thread. */
static struct {
    pthread_mutex_t mutex;
    int arrived;
    volatile long count;
    char stack[65536] __attribute__((aligned(16)));
} beside = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void
count_beside(long turns)
{
    for (long i = 0; i < turns; i++) {
        if (i % 10000 == 0) {
            meet(&beside.arrived, i / 10000 + 1);
        }
        SPIN(pthread_mutex_trylock(&beside.mutex));
        beside.count++;
        pthread_mutex_unlock(&beside.mutex);
    }
}

static int
count_in_child(void *turns)
{
    count_beside(*(long *)turns);
    return 0;
}

static void *
count_in_thread(void *turns)
{
    count_beside(*(long *)turns);
    return NULL;
}

static void
check_contention(long turns)
{
    pthread_t thread;

    beside.count = 0;
    beside.arrived = 0;
    start(&thread, count_in_thread, &turns);
    count_beside(turns);
    pthread_join(thread, NULL);
    CHECK(beside.count == 2 * turns);
}

static void
check_clone(void)
{
    long turns = 2000000;
    pid_t child;

    if (fork() == 0) {
        child = clone(count_in_child, beside.stack + sizeof(beside.stack), CLONE_VM | SIGCHLD, &turns);
        count_beside(turns);
        CHECK(child > 0 && waitpid(child, NULL, 0) == child && beside.count == 2 * turns);
        _exit(failures);
    }
    int status;
    CHECK(wait(&status) > 0 && status == 0);
}

/* sem_post is the one that signal handlers may call. */
static sem_t posted;
static volatile sig_atomic_t posts;

static void
post(int unused)
{
    (void)unused;
    posts++;
    sem_post(&posted);
}

static void
check_signals(int wanted)
{
    struct itimerval often = {{0, 50}, {0, 50}};
    int got = 0;

    sem_init(&posted, 0, 0);
    posts = 0;
    signal(SIGALRM, post);
    setitimer(ITIMER_REAL, &often, NULL);
    while (got < wanted) {
        sem_post(&posted);
        while (sem_wait(&posted) != 0) {
        }
        got += sem_trywait(&posted) == 0;
    }
    memset(&often, 0, sizeof(often));
    setitimer(ITIMER_REAL, &often, NULL);
    while (sem_trywait(&posted) == 0) {
        got++;
    }
    CHECK(got == posts);
}

/* A queue of eight threads; some waits time out, and each round's condition variables are freed as soon
   as POSIX allows it. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    pthread_rwlock_t lock;
    int items, waiting, done;
    long taken, seen;
};

static void *
take(void *argument)
{
    struct queue *queue = argument;

    pthread_mutex_lock(&queue->mutex);
    while (!queue->done || queue->items > 0) {
        if (queue->items == 0) {
            struct timespec soon = after(1);
            if (pthread_cond_timedwait(&queue->filled, &queue->mutex, &soon) == ETIMEDOUT) {
                queue->waiting++;
            }
            continue;
        }
        queue->items--;
        queue->taken++;
        pthread_cond_signal(&queue->emptied);
        pthread_mutex_unlock(&queue->mutex);
        pthread_rwlock_wrlock(&queue->lock);
        queue->seen++;
        pthread_rwlock_unlock(&queue->lock);
        pthread_mutex_lock(&queue->mutex);
    }
    pthread_mutex_unlock(&queue->mutex);
    return NULL;
}

static void
check_queue(long count)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        start(&threads[i], take, queue);
    }
    for (long i = 0; i < count; i++) {
        pthread_mutex_lock(&queue->mutex);
        while (queue->items >= 4) {
            pthread_cond_wait(&queue->emptied, &queue->mutex);
        }
        queue->items++;
        pthread_cond_signal(&queue->filled);
        pthread_mutex_unlock(&queue->mutex);
    }
    pthread_mutex_lock(&queue->mutex);
    queue->done = 1;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(queue->taken == count && queue->seen == count);
    memset(queue, 0xFF, sizeof(*queue));
    free(queue);
}

int
main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 0);

    setvbuf(stdout, NULL, _IONBF, 0);
    alarm(120);
    check_kinds();
    check_processes(1000000);
    check_clone();
    check_signals(2000);
    do {
        signal(SIGALRM, SIG_DFL);
        alarm(120);
        for (int i = 0; i < 1000; i++) {
            check_first_thread();
        }
        check_kinds();
        check_robust(0);
        check_robust(1);
        check_contention(1000000);
        check_queue(20000);
        check_processes(20000);
        check_signals(500);
    } while (time(NULL) < end && failures == 0);
    return failures != 0;
}
