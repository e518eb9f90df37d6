/* Compares the memory functions, narrow and wide, with plain loops, for all small sizes and alignments,
   each buffer between two inaccessible pages. Prints what differs; exits 0 when nothing does. */

#if defined(__x86_64__)
#include "libc/x86_64/memory.h"
#endif

#include <stdint.h>
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
static char *(*volatile find_text)(const char *, int) = strchr;
static char *(*volatile find_text_or_end)(const char *, int) = strchrnul;
static int (*volatile compare_text)(const char *, const char *) = strcmp;
static int (*volatile compare_some)(const char *, const char *, size_t) = strncmp;

static int failures;

static unsigned char *
guarded(void)
{
    unsigned char *memory = mmap(NULL, 4096 + ROOM + 4096, PROT_NONE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + 4096, ROOM, PROT_READ | PROT_WRITE) != 0) {
        abort();
    }
    return memory + 4096;
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

/* A text of `place` bytes, which are not zero, and of one that differs from it in the last of them. */
static void
check_texts(char *start, size_t size, size_t place)
{
    static char other[ROOM + 1];
    char last = place > 0 ? start[place - 1] : 0;
    size_t first = 0;

    while (start[first] != last) {
        first++;
    }
    check(find_text(start, last) == start + first, "strchr", size, place);
    check(find_text(start, 255) == NULL, "strchr of nothing", size, place);
    check(find_text(start, 0) == start + place, "strchr of the end", size, place);
    check(find_text_or_end(start, last) == start + first, "strchrnul", size, place);
    check(find_text_or_end(start, 255) == start + place, "strchrnul of nothing", size, place);
    for (size_t shift = 0; shift < 3; shift++) {
        char *same = other + sizeof(other) - place - 1 - shift * 5 % (sizeof(other) - place);
        move(same, start, place + 1);
        check(compare_text(start, same) == 0, "strcmp of equals", size, place);
        check(compare_some(start, same, size) == 0, "strncmp of equals", size, place);
        if (place > 0) {
            same[place - 1]++;
            check(compare_text(start, same) < 0, "strcmp less", size, place);
            check(compare_text(same, start) > 0, "strcmp greater", size, place);
            check(compare_some(start, same, place - 1) == 0, "strncmp", size, place);
            check(compare_some(start, same, place) != 0, "strncmp to the end", size, place);
            same[place - 1] = 0;
            check(compare_text(start, same) > 0, "strcmp of a longer one", size, place);
            check(compare_some(same, start, place) < 0, "strncmp of a shorter one", size, place);
        }
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
    check_texts((char *)start, size, place);
    check(compare(start, b + ROOM - size, size) < 0, "memcmp less", size, place);
    check(compare(b + ROOM - size, start, size) > 0, "memcmp greater", size, place);
}

/* A byte is found before the end of what can be read, though the range goes on. */
static void
check_open_ranges(unsigned char *a)
{
    static const size_t sizes[] = {64, 4096, SIZE_MAX / 2, SIZE_MAX};

    fill(a, ROOM, 5);
    for (size_t place = 0; place < 300; place++) {
        unsigned char *start = a + ROOM - 1 - place;
        for (size_t back = 0; back < 3 && back * 37 <= place; back++) {
            unsigned char *found = start + place - back * 37;
            *found = 0;
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                void *right = sizes[i] > (size_t)(found - start) ? found : NULL;
                check(right == NULL || find(start, 0, sizes[i]) == right, "memchr of an open range",
                      sizes[i], place);
            }
            check(strnlen((char *)start, 4096) == (size_t)(found - start), "strnlen", 4096, place);
            fill(a, ROOM, 5);
        }
    }
}

/* Ranges that begin or end at each place around the border of two pages, or at a guard page. */
static void
check_borders(unsigned char *a, unsigned char *b)
{
    fill(a, ROOM, 5);
    fill(b, ROOM, 5);
    for (size_t size = 0; size < 140; size++) {
        for (size_t start = 4096 - 140; start < 4096 + 4; start++) {
            check(compare(a + start, b + start, size) == 0, "memcmp at a border", size, start);
            check(find(a + start, 0, size) == NULL, "memchr at a border", size, start);
            check(find_last(a + start, 0, size) == NULL, "memrchr at a border", size, start);
        }
        check(find_last(a, 0, size) == NULL, "memrchr at the first page", size, 0);
        check(size == 0 || find_last(a, a[0], 1) == a, "memrchr of one", size, 0);
        check(find(a + ROOM - size, 0, size) == NULL, "memchr at the last page", size, 0);
    }
}

static void
check_all(unsigned char *a, unsigned char *b, unsigned char *model)
{
    static const size_t large[] = {1000, 2047, 2048, 2049, 4095, 4096, 4097, 5000, 8000};

    for (size_t size = 0; size < 300; size++) {
        for (size_t place = size % 5; place < 40; place += 5) {
            check_copies(a, b, model, size, place);
            check_searches(a, b, size, place * 7);
        }
        for (size_t distance = size % 3; distance < 160; distance += 3) {
            check_moves(a, model, size, distance);
        }
    }
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        for (size_t place = 0; place < 40; place += 3) {
            check_copies(a, b, model, large[i], place);
            check_moves(a, model, large[i], place);
            check_searches(a, b, large[i], large[i] - place - 1);
        }
    }
    check_borders(a, b);
    check_open_ranges(a);
}

int
main(void)
{
    unsigned char *a = guarded();
    unsigned char *b = guarded();
    unsigned char *model = guarded();
#if defined(__x86_64__)
    enum memory_width own = memory_find_width();

    for (enum memory_width width = WIDTH_NARROW; width <= own; width++) {
        memory_width = (unsigned char)width;
        check_all(a, b, model);
    }
#else
    check_all(a, b, model);
#endif
    return failures != 0;
}
