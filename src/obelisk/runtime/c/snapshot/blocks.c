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
#include <unistd.h>

#include "os/os.h"
#include "payload/settings.h"
#include "snapshot/early.h"
#include "snapshot/format.h"
#include "snapshot/kinds.h"
#include "snapshot/places.h"
#include "snapshot/requests.h"
#include "snapshot/snapshot.h"
#include "snapshot/traced.h"

#define PLACE_DISTANCE (1UL << 39)    /* from the heap up to the blocks that stay */
#define TABLE_DISTANCE (1536UL << 30) /* and up to what is known of them, which does not */
#define COUNTS_DISTANCE (1UL << 30)   /* from there up to how often was asked for what */
#define PLAN_DISTANCE (2UL << 30)     /* and up to the plan */
#define COPY_DISTANCE (4UL << 30)     /* and up to a copy of what is without a place */
#define TABLE_SLOTS (1UL << 24)
#define ALIGNMENT 16UL
#define LARGE 4096UL      /* bytes of blocks that are not placed densely */
#define UNCHANGED 0x80U /* beside a place: no training run changed the block */

/* What the builder says: of the requests with these keys, in ascending order. Their places follow, each a
   byte. */
struct plan {
    uint64_t count;
    uint64_t sizes[PLACES];
    uint64_t keys[];
};

static PyMemAllocatorEx raw;
static PyMemAllocatorEx before[2];
static bool of_objects = true;
static bool of_others;

static const struct plan *plan;
static struct block *table;

static struct block *
find(const void *address)
{
    size_t slot = ((uintptr_t)address / ALIGNMENT * 0x9e3779b97f4a7c15UL) >> 40;

    while (table[slot].address != 0 && table[slot].address != (uintptr_t)address) {
        slot = (slot + 1) % TABLE_SLOTS;
    }
    return &table[slot];
}

/* Return what the builder says of a request. */
static unsigned
told(uint64_t key)
{
    const uint8_t *places = (const uint8_t *)(plan->keys + plan->count);
    uint64_t low = 0;
    uint64_t high = plan->count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (plan->keys[middle] < key) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low < plan->count && plan->keys[low] == key ? places[low] : 0;
}

/* Return what tells the instruction that runs from others, in each attempt: the request for its code does. */
static uint64_t
asker(void)
{
    PyThreadState *state = PyThreadState_GetUnchecked();
    PyObject *code = NULL;
    uint64_t found = 0;

    if (state != NULL && state->current_frame != NULL) {
        code = PyUnstable_InterpreterFrame_GetCode(state->current_frame);
    }
    if (code != NULL && PyCode_Check(code)) {
        int instruction = PyUnstable_InterpreterFrame_GetLasti(state->current_frame);
        found = requests_mix(find(code)->key, (uint64_t)instruction + 1);
    }
    Py_XDECREF(code);
    return found;
}

static void *
take(bool is_object, size_t size, bool *is_zero)
{
    unsigned place;
    void *taken;
    uint64_t key;
    uint32_t kind = (uint32_t)size | (is_object ? PLACES_OBJECT : 0);

    if (size >= PLACES_OBJECT) {
        return NULL;
    }
    key = requests_key(asker(), kind);
    place = told(key) & ~UNCHANGED;
    if (place == PLACES_DENSE && size >= LARGE) {
        place = PLACES_KEPT; /* another block than the plan is for would leave no room for many */
    }
    taken = places_take(place, size, is_zero);
    *find(taken) = (struct block){(uintptr_t)taken, key, kind, 0};
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

    if (size != 0 && count >= PLACES_OBJECT / size) {
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
    found->key = 0;
    places_give_back(block, places_size(found));
}

static void *
reallocate(void *context, void *block, size_t size)
{
    void *into = allocate(context, size);

    if (block != NULL && into != NULL) {
        size_t known = places_size(find(block));
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
    if (!places_have(block)) {
        raw.free(raw.ctx, block);
    }
}

static void *
reallocate_raw(void *context, void *block, size_t size)
{
    size_t most;
    void *into;

    (void)context;
    if (!places_have(block)) {
        return raw.realloc(raw.ctx, block, size);
    }
    most = places_behind(block);
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
    file = snapshot_open(path, O_RDONLY);
    if (file < 0) {
        return NULL;
    }
    size = lseek(file, 0, SEEK_END);
    into = places_map(address, (size_t)size);
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
    plan = read_plan(header->heap + TABLE_DISTANCE + PLAN_DISTANCE);
    if (plan == NULL) {
        return;
    }
    table = places_map(header->heap + TABLE_DISTANCE, TABLE_SLOTS * sizeof(struct block));
    requests_begin(places_map(header->heap + TABLE_DISTANCE + COUNTS_DISTANCE, REQUESTS_MEMORY));
    places_begin(header->heap + PLACE_DISTANCE, plan->sizes);
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
    ours = raw;
    ours.realloc = reallocate_raw;
    ours.free = release_raw;
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &ours);
    replace(PYMEM_DOMAIN_MEM, &before[0], &of_others);
    replace(PYMEM_DOMAIN_OBJ, &before[1], &of_objects);
}

uintptr_t
blocks_start(void)
{
    uint64_t offset;
    uint64_t size;
    const struct snapshot_header *header = early_part(&offset, &size);

    return header->heap + PLACE_DISTANCE;
}

bool
blocks_are_first(void)
{
    return plan != NULL && plan->count == 0;
}

bool
blocks_are_marked(void)
{
    const uint8_t *places;

    if (plan == NULL) {
        return false;
    }
    places = (const uint8_t *)(plan->keys + plan->count);
    for (uint64_t i = 0; i < plan->count; i++) {
        if ((places[i] & UNCHANGED) != 0) {
            return true;
        }
    }
    return false;
}

bool
blocks_is_unchanged(const void *block)
{
    return plan != NULL && (told(find(block)->key) & UNCHANGED) != 0;
}

static bool
write_blocks(void)
{
    char path[PATH_MAX];
    struct block step[256];
    size_t count = 0;
    bool done;
    int file;

    snprintf(path, sizeof(path), "%s.blocks", snapshot_dump_path);
    file = snapshot_open(path, O_WRONLY | O_CREAT | O_TRUNC);
    done = file >= 0;
    for (size_t i = 0; i < TABLE_SLOTS && done; i++) {
        if (table[i].key != 0) {
            step[count] = table[i];
            step[count++].kind = kinds_of(&table[i]);
        }
        if (count > 0 && (count == 256 || i + 1 == TABLE_SLOTS)) {
            done = write(file, step, count * sizeof(step[0])) == (ssize_t)(count * sizeof(step[0]));
            count = 0;
        }
    }
    close(file);
    return done;
}

/* Let a domain have its own allocator again, behind tracemalloc if a module started that. */
static void
give_back(PyMemAllocatorDomain domain, PyMemAllocatorEx *kept)
{
    PyMemAllocatorEx *traced = traced_allocator(domain);
    PyMemAllocatorEx now;

    PyMem_GetAllocator(domain, &now);
    if (now.malloc == allocate) {
        PyMem_SetAllocator(domain, kept);
    }
    else if (traced->malloc == allocate) {
        *traced = *kept;
    }
}

bool
blocks_end(void)
{
    if (plan == NULL) {
        return true;
    }
    give_back(PYMEM_DOMAIN_MEM, &before[0]);
    give_back(PYMEM_DOMAIN_OBJ, &before[1]);
    if (!write_blocks()) {
        return false;
    }
    places_clear(table, TABLE_SLOTS, (uintptr_t)table + COPY_DISTANCE);
    /* An arena for what the process that goes on asks for first. */
    PyObject_Free(PyObject_Malloc(1));
    plan = NULL; /* they are not in the snapshot */
    table = NULL;
    return true;
}
