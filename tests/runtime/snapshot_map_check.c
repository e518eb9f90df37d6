/* Maps this program once more at another address, with ranges of a snapshot: `snapshot_map_check CASE`.

   Prints whether that was possible. What is mapped is compared with what it must be, and where it was not
   possible, with what was mapped before. */

#include "snapshot/map.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE ((uint64_t)4096)
#define IMAGE (0x2000000000UL << 4)
#define HEAP (IMAGE + (1UL << 40))
#define RANGES 3

struct part {
    struct snapshot_header header;
    struct snapshot_range ranges[RANGES];
};

static char maps_before[1 << 16];
static char maps_after[1 << 16];

static void
read_maps(char *into, size_t size)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t done = 0;
    ssize_t count;

    while ((count = read(file, into + done, size - 1 - done)) > 0) {
        done += (size_t)count;
    }
    into[done] = '\0';
    close(file);
}

static int
fail(const char *what)
{
    printf("%s\n", what);
    return 1;
}

/* What the ranges must have made of memory. */
static int
look(int file)
{
    static char page[4096];
    const char *heap = (const char *)HEAP;

    if (memcmp((const void *)IMAGE, "\177ELF", 4) != 0) {
        return fail("the executable is not at its address");
    }
    if (pread(file, page, sizeof(page), 0) != (ssize_t)sizeof(page)) {
        return fail("the file cannot be read");
    }
    if (memcmp(heap + PAGE, page, PAGE) != 0) {
        return fail("a page of the file is another");
    }
    for (uint64_t i = 0; i < PAGE; i++) {
        if (heap[i] != 0 || heap[2 * PAGE + i] != 0) {
            return fail("memory is not zero");
        }
    }
    ((char *)HEAP)[0] = 1; /* it may be written to */
    return 0;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct part part = {
        .header = {.image = IMAGE,
                   .ranges = offsetof(struct part, ranges),
                   .range_count = RANGES},
        .ranges = {
            {HEAP, 3 * PAGE, 0, PROT_READ | PROT_WRITE, SNAPSHOT_ZEROS, 1},
            {HEAP + PAGE, PAGE, 0, PROT_READ, SNAPSHOT_FILE, 0},
            {HEAP + 16 * PAGE, PAGE, 0, PROT_READ, SNAPSHOT_PART, 1},
        },
    };
    bool is_mapped;

    if (strcmp(what, "overlap") == 0) { /* of two ranges that both must be free */
        part.ranges[2].address = HEAP + 2 * PAGE;
    }
    if (strcmp(what, "heap taken") == 0 || strcmp(what, "image taken") == 0) {
        void *place = (void *)(what[0] == 'h' ? HEAP + 16 * PAGE : IMAGE);
        if (mmap(place, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != place) {
            return fail("this address is taken");
        }
    }
    if (strcmp(what, "nowhere") == 0) {
        part.ranges[2].address = UINT64_MAX & ~(PAGE - 1);
    }
    if (strcmp(what, "crooked") == 0) {
        part.ranges[2].offset = 1;
    }
    if (strcmp(what, "no file") == 0) {
        close(file);
        file = -1;
    }
    read_maps(maps_before, sizeof(maps_before));
    is_mapped = map_all(&part.header, file, 0);
    read_maps(maps_after, sizeof(maps_after));
    if (is_mapped) {
        return look(file) == 0 ? fail("mapped") - 1 : 1;
    }
    return strcmp(maps_before, maps_after) == 0 ? fail("refused") - 1 : fail("something is left");
}
