/* The allocator: what calloc gives is zero, wherever it was before, and costs no memory before it is used;
   what the others give is whole, and aligned as asked for. In four threads. Prints what is wrong and exits 1. */

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define THREADS 4
#define BLOCKS 64
#define TURNS 400

/* Called through pointers: the compiler knows that what calloc gives is zero, and would not look; and it
   leaves out a malloc whose block nobody reads. */
static void *(*volatile cleared)(size_t, size_t) = calloc;
static void *(*volatile taken)(size_t) = malloc;

/* mimalloc's: give back what can be, as it does when there is no memory. */
void mi_collect(bool);

static const size_t sizes[] = {1,     24,     200,     1000,    4000,     9000,
                               70000, 300000, 1500000, 9000000, 17000000, 40000000};

static int
is_filled(const unsigned char *bytes, size_t size, unsigned char with)
{
    return size == 0 || (bytes[0] == with && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static size_t
next(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(*state >> 33);
}

/* A size: small ones are frequent. */
static size_t
some_size(uint64_t *state)
{
    size_t kinds = next(state) % 16 == 0 ? sizeof(sizes) / sizeof(sizes[0]) : 8;

    return sizes[next(state) % kinds] + next(state) % 16;
}

static void *
work(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    unsigned char *blocks[BLOCKS] = {0};
    size_t lengths[BLOCKS] = {0};

    for (int turn = 0; turn < TURNS; turn++) {
        size_t at = next(&state) % BLOCKS;
        size_t size = some_size(&state);
        int clear = next(&state) % 2 == 0;
        if (!is_filled(blocks[at], lengths[at], (unsigned char)(at + 1))) {
            return "a block changed";
        }
        free(blocks[at]);
        blocks[at] = clear ? cleared(1, size) : malloc(size);
        if (blocks[at] == NULL) {
            return "no memory";
        }
        if (clear && !is_filled(blocks[at], size, 0)) {
            return "calloc's memory is not zero";
        }
        memset(blocks[at], (int)at + 1, size);
        lengths[at] = size;
    }
    for (size_t at = 0; at < BLOCKS; at++) {
        free(blocks[at]);
    }
    return NULL;
}

/* Large blocks have memory of their own, which must be found by the address of a block that is aligned to
   more than that; free and realloc do so. */
static const char *
check_aligned(void)
{
    static const size_t large[] = {100000, 17000000, 33000000, 70000000};

    for (size_t at = 0; at < sizeof(large) / sizeof(large[0]); at++) {
        for (size_t alignment = 64; alignment <= (size_t)1 << 27; alignment *= 2) {
            size_t size = large[at];
            unsigned char *block = NULL;
            unsigned char *moved;
            if (posix_memalign((void **)&block, alignment, size) != 0 ||
                (uintptr_t)block % alignment != 0 || malloc_usable_size(block) < size) {
                return "an aligned block is none";
            }
            block[0] = 1;
            block[size - 1] = 2;
            moved = realloc(block, size + 1);
            if (moved == NULL || moved[0] != 1 || moved[size - 1] != 2) {
                return "realloc of an aligned block loses what is in it";
            }
            free(moved);
        }
    }
    return NULL;
}

/* Blocks that are large enough for memory of their own, from threads that take each other's places. */
static void *
take_large(void *seed)
{
    uint64_t state = (uintptr_t)seed;

    for (int turn = 0; turn < TURNS; turn++) {
        size_t size = next(&state) % 4 == 0 ? 17000000 : 40000000;
        size_t at[] = {0, next(&state) % size, size - 1};
        unsigned char *block = cleared(1, size);
        if (block == NULL) {
            return "no memory for a large block";
        }
        for (int i = 0; i < 3; i++) {
            if (block[at[i]] != 0) {
                return "a large block is not zero";
            }
        }
        for (int i = 0; i < 3; i++) {
            block[at[i]] = (unsigned char)(uintptr_t)seed;
        }
        for (int i = 0; i < 3; i++) {
            if (block[at[i]] != (unsigned char)(uintptr_t)seed) {
                return "a large block is given out twice";
            }
        }
        free(block);
    }
    return NULL;
}

/* Pages of this process: of address space first, then in memory. */
static void
read_pages(unsigned long pages[2])
{
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm == NULL || fscanf(statm, "%lu %lu", &pages[0], &pages[1]) != 2) {
        abort();
    }
    fclose(statm);
}

/* What is freed is the kernel's again: its memory at once, its address space when there is none else. */
static const char *
check_given_back(void)
{
    unsigned long before[2];
    unsigned long with[2];
    unsigned long after[2];
    struct rlimit limit;
    unsigned char *block;

    mi_collect(true);
    read_pages(before);
    block = taken(60000000);
    if (block == NULL) {
        return "no memory for a block";
    }
    memset(block, 1, 60000000);
    read_pages(with);
    free(block);
    read_pages(after);
    if (after[1] > before[1] + 1000) {
        return "a freed block keeps its memory";
    }
    limit.rlim_cur = with[0] * 4096 + 40000000;
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        abort();
    }
    block = taken(90000000);
    if (block == NULL) {
        return "a freed block keeps its address space when there is no other";
    }
    free(block);
    return NULL;
}

/* Do the work in all threads; return what is wrong. */
static const char *
in_threads(void *(*work_of)(void *))
{
    pthread_t threads[THREADS];
    const char *wrong = NULL;

    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work_of, (void *)(i + 1)) != 0) {
            abort();
        }
    }
    for (int i = 0; i < THREADS; i++) {
        void *said;
        pthread_join(threads[i], &said);
        wrong = said != NULL ? said : wrong;
    }
    return wrong;
}

int
main(void)
{
    struct rusage before;
    struct rusage after;
    const char *wrong = NULL;
    unsigned char *large;

    getrusage(RUSAGE_SELF, &before);
    large = cleared(1000000, 1000);
    getrusage(RUSAGE_SELF, &after);
    if (large == NULL || large[0] != 0 || after.ru_maxrss - before.ru_maxrss > 10000) {
        wrong = "calloc fills memory that is zero";
    }
    free(large);
    wrong = wrong != NULL ? wrong : in_threads(work);
    wrong = wrong != NULL ? wrong : in_threads(take_large);
    wrong = wrong != NULL ? wrong : check_aligned();
    wrong = wrong != NULL ? wrong : check_given_back();
    if (wrong != NULL) {
        printf("%s\n", wrong);
    }
    return wrong != NULL;
}
