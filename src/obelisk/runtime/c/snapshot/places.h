/* The memory that blocks are placed in (snapshot/blocks.h), without a bound to what is asked for. */

#ifndef OBELISK_SNAPSHOT_PLACES_H
#define OBELISK_SNAPSHOT_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the builder chooses from: what each start writes to, what it may write to, all else, and what of that
   may lie closer together. They are numbered from 1; 0 is for blocks that do not stay, of which the memory is
   used again. */
#define PLACES 4
#define PLACES_KEPT 3
#define PLACES_DENSE 4

#define PLACES_OBJECT 0x80000000U

/* Bytes that can be read behind the last block: CPython copies the room that a table had before it was trimmed, too
   (snapshot/trim.h). */
#define PLACES_READABLE 8192UL

/* A block that there is, or was. */
struct block {
    uintptr_t address;
    uint64_t key;  /* of the request for it (snapshot/requests.h); 0: it is not there any more */
    uint32_t size; /* and PLACES_OBJECT */
    uint32_t kind;
};

static inline size_t
places_size(const struct block *block)
{
    return block->size % PLACES_OBJECT;
}

/* Map memory at an address. There is some: the process ends otherwise. */
void *places_map(uintptr_t address, size_t size);

/* Let the places be there, one behind the other, of so many bytes. */
void places_begin(uintptr_t address, const uint64_t sizes[PLACES]);

/* Return memory in a place, or without one where that is full; set whether it is zero. */
void *places_take(unsigned place, size_t size, bool *is_zero);

/* Use memory again if it has no place; clear it otherwise. */
void places_give_back(void *block, size_t size);

/* Let what is without a place, and no block in the table, be zero, and have nothing behind the last block but zeros
   to be read. `copy` is an address for as much as is without a place. */
void places_clear(const struct block *table, size_t slots, uintptr_t copy);

/* Say whether a block is in this memory; and how many bytes of it there are from the block on. */
bool places_have(const void *block);
size_t places_behind(const void *block);

#endif
