/* The allocator: what calloc gives is zero, wherever it was before, and costs no memory before it is used;
   what the others give is whole, and aligned as asked for. In four threads. Prints what is wrong and exits 1. */

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define THREADS 4
#define BLOCKS 64
#define TURNS 400

/* Called through a pointer: the compiler knows that what calloc gives is zero, and would not look. */
static void *(*volatile cleared)(size_t, size_t) = calloc;

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

int
main(void)
{
    pthread_t threads[THREADS];
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
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0) {
            abort();
        }
    }
    for (int i = 0; i < THREADS; i++) {
        void *said;
        pthread_join(threads[i], &said);
        wrong = said != NULL ? said : wrong;
    }
    wrong = wrong != NULL ? wrong : check_aligned();
    if (wrong != NULL) {
        printf("%s\n", wrong);
    }
    return wrong != NULL;
}
