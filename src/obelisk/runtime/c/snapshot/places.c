/* Memory for blocks. See snapshot/places.h. */

#include "snapshot/places.h"

#include <string.h>
#include <sys/mman.h>

#include "os/os.h"

#define ALIGNMENT 16UL
#define DENSE_ALIGNMENT 8UL
#define PAGE 4096UL
#define CHUNK (16UL << 20)
#define SMALL 1024 /* bytes up to which there is a list for each size */
#define LISTS 256

/* Memory that is given out from its start. */
struct range {
    uintptr_t next;
    uintptr_t end;
};

struct unused {
    struct unused *next;
};

/* All of it: the places, then what is without one. */
static uintptr_t start;
static size_t whole_size;
static struct range places[PLACES];
static struct range others;
static uintptr_t others_start;
static struct unused *lists[LISTS];

/* Of musl, hidden: `__mmap`, for which snapshot/heap.c has another one. */
void *__real___mmap(void *, size_t, int, int, int, off_t);

static void *
map_at(uintptr_t address, size_t size, int flag)
{
    void *mapped = __real___mmap((void *)address, size, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flag, -1, 0);

    if (mapped == MAP_FAILED) {
        os_die_of_error("cannot make a snapshot: no memory");
    }
    return mapped;
}

void *
places_map(uintptr_t address, size_t size)
{
    return map_at(address, size, MAP_FIXED_NOREPLACE);
}

void
places_begin(uintptr_t address, const uint64_t sizes[PLACES])
{
    start = address;
    for (int i = 0; i < PLACES; i++) {
        places[i].next = start + whole_size;
        whole_size += sizes[i];
        places[i].end = start + whole_size;
    }
    if (whole_size > 0) {
        map_at(start, whole_size, MAP_FIXED_NOREPLACE);
    }
    others_start = others.next = others.end = start + whole_size;
}

/* Return the number of a list of blocks that have at least so many bytes, and set how many. From SMALL on
   there are four for each power of two. */
static size_t
list_of(size_t *size)
{
    size_t whole = *size ? (*size + ALIGNMENT - 1) & ~(ALIGNMENT - 1) : ALIGNMENT;
    size_t list = whole / ALIGNMENT;

    if (whole > SMALL) {
        int power = 63 - __builtin_clzl(whole - 1);
        size_t step = 1UL << (power - 2);
        size_t steps = (whole - 1) / step - 3;

        whole = (steps + 4) * step;
        list = SMALL / ALIGNMENT + (size_t)(power - 10) * 4 + steps;
    }
    *size = whole;
    return list;
}

static void *
take_from(struct range *range, size_t size)
{
    uintptr_t block = range->next;

    if (range->end - block < size) {
        return NULL;
    }
    range->next += size;
    return (void *)block;
}

/* Return a block, and set whether it is zero. */
static void *
take_other(size_t size, bool *is_zero)
{
    size_t list = list_of(&size);
    struct unused *found = lists[list];

    *is_zero = found == NULL;
    if (found != NULL) {
        lists[list] = found->next;
        return found;
    }
    while (others.end - others.next < size) {
        map_at(others.end, CHUNK, MAP_FIXED_NOREPLACE);
        others.end += CHUNK;
        whole_size += CHUNK;
    }
    return take_from(&others, size);
}

void *
places_take(unsigned place, size_t size, bool *is_zero)
{
    size_t alignment = place == PLACES_DENSE ? DENSE_ALIGNMENT : ALIGNMENT;
    void *taken = NULL;

    if (place - 1U < PLACES) {
        taken = take_from(&places[place - 1], size ? (size + alignment - 1) & ~(alignment - 1) : alignment);
        *is_zero = true;
    }
    return taken ? taken : take_other(size, is_zero);
}

void
places_give_back(void *block, size_t size)
{
    struct unused **list;

    if ((uintptr_t)block < others_start) {
        memset(block, 0, size); /* which is not stored, if it is much */
        return;
    }
    list = &lists[list_of(&size)];
    ((struct unused *)block)->next = *list;
    *list = block;
}

bool
places_have(const void *block)
{
    return (uintptr_t)block - start < whole_size;
}

size_t
places_behind(const void *block)
{
    return start + whole_size - (uintptr_t)block;
}

/* Behind the last block there are zeros to be read, and then nothing any more. */
static void
end_behind(uintptr_t last)
{
    uintptr_t end = (last + PLACES_READABLE + PAGE - 1) & ~(PAGE - 1);

    if (end > others.end) {
        map_at(others.end, end - others.end, MAP_FIXED_NOREPLACE);
    }
    else {
        munmap((void *)end, others.end - end);
    }
    others.end = end;
    whole_size = end - start;
    memset(lists, 0, sizeof(lists));
}

void
places_clear(const struct block *table, size_t slots, uintptr_t copy)
{
    uintptr_t last = others_start;
    size_t size = others.end - others_start;

    if (size > 0) {
        memcpy(map_at(copy, size, MAP_FIXED_NOREPLACE), (void *)others_start, size);
        map_at(others_start, size, MAP_FIXED);
    }
    for (size_t i = 0; i < slots; i++) {
        if (table[i].key != 0 && table[i].address >= others_start) {
            uintptr_t end = table[i].address + places_size(&table[i]);

            memcpy((void *)table[i].address, (void *)(table[i].address - others_start + copy), end - table[i].address);
            last = end > last ? end : last;
        }
    }
    if (size > 0) {
        munmap((void *)copy, size);
    }
    end_behind(last);
}
