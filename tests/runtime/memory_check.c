/* Compares the memory functions with plain loops, for all small sizes and alignments, with the end of
   each buffer at an inaccessible page. Prints what differs; exits 0 when nothing does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROOM 16384

/* Called through pointers, so that the compiler cannot put its own idea of them in their place. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static void *(*volatile set)(void *, int, size_t) = memset;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static void *(*volatile find)(const void *, int, size_t) = memchr;
static void *(*volatile find_last)(const void *, int, size_t) = memrchr;
static size_t (*volatile length)(const char *) = strlen;

static int failures;

static unsigned char *
guarded(void)
{
    unsigned char *memory = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + ROOM, 4096, PROT_NONE) != 0) {
        abort();
    }
    return memory;
}

static void
check(int right, const char *what, size_t size, size_t place)
{
    if (!right) {
        printf("%s is wrong for size %zu at %zu\n", what, size, place);
        failures++;
    }
}

static void
fill(unsigned char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)((i * 131 + seed) % 251 + 1);
    }
}

static int
same(const unsigned char *one, const unsigned char *two, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (one[i] != two[i]) {
            return 0;
        }
    }
    return 1;
}

static void
check_copies(unsigned char *a, unsigned char *b, unsigned char *model, size_t size, size_t place)
{
    unsigned char *to = a + ROOM - size - place;

    fill(a, ROOM, 1);
    fill(b, ROOM, 2);
    check(copy(to, b + ROOM - size, size) == to, "memcpy's result", size, place);
    check(same(to, b + ROOM - size, size), "memcpy", size, place);
    fill(model, ROOM, 1);
    check(same(a, model, ROOM - size - place), "memcpy's neighbourhood", size, place);
    check(same(to + size, model + ROOM - place, place), "memcpy's end", size, place);
    check(set(to, 7, size) == to, "memset's result", size, place);
    for (size_t i = 0; i < size; i++) {
        check(to[i] == 7, "memset", size, place);
    }
    check(same(to + size, model + ROOM - place, place), "memset's end", size, place);
}

static void
check_moves(unsigned char *a, unsigned char *model, size_t size, size_t distance)
{
    size_t from = ROOM - size - distance;

    for (int up = 0; up < 2; up++) {
        size_t source = up ? from : ROOM - size;
        size_t target = up ? ROOM - size : from;
        fill(a, ROOM, 3);
        fill(model, ROOM, 3);
        move(a + target, a + source, size);
        check(same(a + target, model + source, size), "memmove", size, distance);
        check(same(a, model, target), "memmove's neighbourhood", size, distance);
    }
}

static void
check_searches(unsigned char *a, unsigned char *b, size_t size, size_t place)
{
    unsigned char *start = a + ROOM - size;

    fill(a, ROOM, 5);
    fill(b, ROOM, 5);
    check(compare(start, b + ROOM - size, size) == 0, "memcmp of equals", size, place);
    check(find(start, 0, size) == NULL, "memchr of nothing", size, place);
    check(find_last(start, 0, size) == NULL, "memrchr of nothing", size, place);
    if (place >= size) {
        return;
    }
    start[place] = 0;
    check(find(start, 0, size) == start + place, "memchr", size, place);
    check(find_last(start, 0, size) == start + place, "memrchr", size, place);
    check(length((char *)start) == place, "strlen", size, place);
    check(compare(start, b + ROOM - size, size) < 0, "memcmp less", size, place);
    check(compare(b + ROOM - size, start, size) > 0, "memcmp greater", size, place);
}

int
main(void)
{
    unsigned char *a = guarded();
    unsigned char *b = guarded();
    unsigned char *model = guarded();
    static const size_t large[] = {1000, 2047, 2048, 2049, 4096, 5000, 8000};

    for (size_t size = 0; size < 300; size++) {
        for (size_t place = 0; place < 40; place++) {
            check_copies(a, b, model, size, place);
            check_searches(a, b, size, place * 7);
        }
        for (size_t distance = 0; distance < 80; distance++) {
            check_moves(a, model, size, distance);
        }
    }
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        for (size_t place = 0; place < 40; place++) {
            check_copies(a, b, model, large[i], place);
            check_moves(a, model, large[i], place);
            check_searches(a, b, large[i], large[i] - place - 1);
        }
    }
    return failures != 0;
}
