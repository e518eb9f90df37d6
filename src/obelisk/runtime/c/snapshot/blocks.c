/* Placing Python's blocks of memory. See snapshot/blocks.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/blocks.h"

#include <Python.h>

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"
#include "payload/settings.h"
#include "snapshot/early.h"
#include "snapshot/format.h"
#include "snapshot/snapshot.h"

#define PLACE_DISTANCE (1UL << 39)    /* from the heap up to the blocks that stay */
#define TABLE_DISTANCE (1536UL << 30) /* and up to what is known of them, which does not */
#define TABLE_SLOTS (1UL << 24)
#define ALIGNMENT 16UL
#define PAGE 4096UL
#define CHUNK (16UL << 20)
#define SMALL 1024 /* bytes up to which there is a list for each size */
#define LISTS 256
#define OF_OBJECT 0x80000000U

/* What the builder says. The numbers' places follow, each a byte. */
struct plan {
    uint64_t count;
    uint64_t sizes[BLOCKS_PLACES];
};

/* A block that there is, or was. */
struct block {
    uintptr_t address;
    uint32_t number; /* 0: it is not there any more */
    uint32_t size;   /* the highest bit: of an object */
};

/* Memory that is given out from its start. */
struct range {
    uintptr_t next;
    uintptr_t end;
};

struct unused {
    struct unused *next;
};

static PyMemAllocatorEx raw;
static PyMemAllocatorEx before[2];
static bool of_objects = true;
static bool of_others;

static const struct plan *plan;
static struct block *table;
static uint32_t requests;

/* Where all blocks are: those with a place, then the others. None of it is given back. */
static uintptr_t start;
static size_t whole_size;
static struct range places[BLOCKS_PLACES];
static struct range others;
static uintptr_t others_start;
static struct unused *lists[LISTS];

/* Of musl, hidden. */
void *__mmap(void *, size_t, int, int, int, off_t);

static bool
is_ours(const void *block)
{
    return (uintptr_t)block - start < whole_size;
}

static void *
map_at(uintptr_t address, size_t size, int flag)
{
    void *mapped = __mmap((void *)address, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flag, -1, 0);

    if (mapped == MAP_FAILED) {
        os_die_of_error("cannot make a snapshot: no memory");
    }
    return mapped;
}

static struct block *
find(const void *address)
{
    size_t slot = ((uintptr_t)address / ALIGNMENT * 0x9e3779b97f4a7c15UL) >> 40;

    while (table[slot].address != 0 && table[slot].address != (uintptr_t)address) {
        slot = (slot + 1) % TABLE_SLOTS;
    }
    return &table[slot];
}

static size_t
size_of(const struct block *block)
{
    return block->size % OF_OBJECT;
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

static void *
take(bool is_object, size_t size, bool *is_zero)
{
    const uint8_t *kinds = (const uint8_t *)(plan + 1);
    struct block *block;
    void *taken = NULL;

    if (size >= OF_OBJECT) {
        return NULL;
    }
    requests++;
    if (requests < plan->count && kinds[requests] - 1U < BLOCKS_PLACES) {
        size_t whole = size ? (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1) : ALIGNMENT;
        taken = take_from(&places[kinds[requests] - 1], whole);
        *is_zero = true;
    }
    if (taken == NULL) {
        taken = take_other(size, is_zero);
    }
    block = find(taken);
    *block = (struct block){(uintptr_t)taken, requests, (uint32_t)size | (is_object ? OF_OBJECT : 0)};
    return taken;
}

static void *
allocate(void *context, size_t size)
{
    bool is_zero;

    return take(*(bool *)context, size, &is_zero);
}

static void *
allocate_zeros(void *context, size_t count, size_t size)
{
    bool is_zero;
    void *block;

    if (size != 0 && count >= OF_OBJECT / size) {
        return NULL;
    }
    block = take(*(bool *)context, count * size, &is_zero);
    return block && !is_zero ? memset(block, 0, count * size) : block;
}

static void
release(void *context, void *block)
{
    struct block *found;

    (void)context;
    if (block == NULL) {
        return;
    }
    found = find(block);
    found->number = 0;
    if ((uintptr_t)block >= others_start) {
        size_t size = size_of(found);
        struct unused **list = &lists[list_of(&size)];

        ((struct unused *)block)->next = *list;
        *list = block;
    }
}

static void *
reallocate(void *context, void *block, size_t size)
{
    void *into = allocate(context, size);

    if (block != NULL && into != NULL) {
        size_t known = size_of(find(block));
        memcpy(into, block, known < size ? known : size);
        release(context, block);
    }
    return into;
}

/* In a process that goes on: CPython's allocator gives blocks that are not its own to these. How large one
   is is not known: what is behind it is copied as well, which its owner takes for bytes that were never
   written. */

static void
release_raw(void *context, void *block)
{
    (void)context;
    if (!is_ours(block)) {
        raw.free(raw.ctx, block);
    }
}

static void *
reallocate_raw(void *context, void *block, size_t size)
{
    size_t most = start + whole_size - (uintptr_t)block;
    void *into;

    (void)context;
    if (!is_ours(block)) {
        return raw.realloc(raw.ctx, block, size);
    }
    into = raw.malloc(raw.ctx, size);
    return into ? memcpy(into, block, size < most ? size : most) : NULL;
}

static const struct plan *
read_plan(uintptr_t address)
{
    char path[PATH_MAX];
    off_t size;
    int file;
    char *into;

    snprintf(path, sizeof(path), "%s.plan", snapshot_dump_path);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return NULL;
    }
    size = lseek(file, 0, SEEK_END);
    into = map_at(address, (size_t)size, MAP_FIXED_NOREPLACE);
    for (off_t done = 0; done < size;) {
        ssize_t count = pread(file, into + done, (size_t)(size - done), done);
        if (count <= 0) {
            os_die_of_error("cannot make a snapshot: no plan");
        }
        done += count;
    }
    close(file);
    return (const struct plan *)(void *)into;
}

static void
make_places(uintptr_t address)
{
    start = address;
    for (int i = 0; i < BLOCKS_PLACES; i++) {
        places[i].next = start + whole_size;
        whole_size += plan->sizes[i];
        places[i].end = start + whole_size;
    }
    if (whole_size > 0) {
        map_at(start, whole_size, MAP_FIXED_NOREPLACE);
    }
    others_start = others.next = others.end = start + whole_size;
}

static void
replace(PyMemAllocatorDomain domain, PyMemAllocatorEx *kept, bool *is_object)
{
    PyMemAllocatorEx ours = {is_object, allocate, allocate_zeros, reallocate, release};

    PyMem_GetAllocator(domain, kept);
    PyMem_SetAllocator(domain, &ours);
}

void
blocks_begin(void)
{
    uint64_t offset;
    uint64_t size;
    const struct snapshot_header *header = early_part(&offset, &size);
    PyMemAllocatorEx ours;

    if (settings_get("allocator") != NULL || settings_get("dev_mode") != NULL) {
        return; /* it is another, from Python's start on */
    }
    plan = read_plan(header->heap + TABLE_DISTANCE + TABLE_SLOTS * sizeof(struct block));
    if (plan == NULL) {
        return;
    }
    table = map_at(header->heap + TABLE_DISTANCE, TABLE_SLOTS * sizeof(struct block), MAP_FIXED_NOREPLACE);
    make_places(header->heap + PLACE_DISTANCE);
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
    ours = raw;
    ours.realloc = reallocate_raw;
    ours.free = release_raw;
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &ours);
    replace(PYMEM_DOMAIN_MEM, &before[0], &of_others);
    replace(PYMEM_DOMAIN_OBJ, &before[1], &of_objects);
}

/* Let what is not a block be zero, and not be there behind the last block. */
static void
clear_others(void)
{
    uintptr_t copy = (uintptr_t)table + 2 * TABLE_SLOTS * sizeof(struct block);
    uintptr_t end = others_start;
    size_t size = others.end - others_start;

    if (size == 0) {
        return;
    }
    memcpy(map_at(copy, size, MAP_FIXED_NOREPLACE), (void *)others_start, size);
    map_at(others_start, size, MAP_FIXED);
    for (size_t i = 0; i < TABLE_SLOTS; i++) {
        if (table[i].number != 0 && table[i].address >= others_start) {
            memcpy((void *)table[i].address, (void *)(table[i].address - others_start + copy),
                   size_of(&table[i]));
            if (table[i].address + size_of(&table[i]) > end) {
                end = table[i].address + size_of(&table[i]);
            }
        }
    }
    end = (end + PAGE - 1) & ~(PAGE - 1);
    munmap((void *)end, others.end - end);
    munmap((void *)copy, size);
    others.end = end;
    whole_size = end - start;
}

static bool
write_blocks(void)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s.blocks", snapshot_dump_path);
    file = fopen(path, "we");
    for (size_t i = 0; i < TABLE_SLOTS && file != NULL; i++) {
        if (table[i].number != 0) {
            fwrite(&table[i], sizeof(table[i]), 1, file);
        }
    }
    return file != NULL && fclose(file) == 0;
}

bool
blocks_end(void)
{
    if (plan == NULL) {
        return true;
    }
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &before[0]);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &before[1]);
    if (!write_blocks()) {
        return false;
    }
    clear_others();
    /* An arena for what the process that goes on asks for first. */
    PyObject_Free(PyObject_Malloc(1));
    plan = NULL; /* they are not in the snapshot */
    table = NULL;
    memset(lists, 0, sizeof(lists));
    return true;
}
