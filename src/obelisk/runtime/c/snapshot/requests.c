/* Telling requests for memory apart. See snapshot/requests.h. */

#include "snapshot/requests.h"

#define SLOTS (REQUESTS_MEMORY / sizeof(struct kind))
#define FULL (SLOTS / 4 * 3)

/* Requests by the same asker for the same kind of memory. */
struct kind {
    uint64_t key; /* of both; 0: none */
    uint64_t count;
};

static struct kind *kinds;
static size_t kind_count;
static struct kind others;

void
requests_begin(void *memory)
{
    kinds = memory;
    kind_count = 0;
    others = (struct kind){1, 0};
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
uint64_t
requests_mix(uint64_t one, uint64_t other)
{
    uint64_t mixed = (one ^ other << 32 ^ other >> 32) + 0x9e3779b97f4a7c15U;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return mixed ^ mixed >> 31;
}

static struct kind *
find(uint64_t key)
{
    size_t slot = key % SLOTS;

    while (kinds[slot].key != key && kinds[slot].key != 0) {
        slot = (slot + 1) % SLOTS;
    }
    return &kinds[slot];
}

uint64_t
requests_key(uint64_t asker, uint64_t kind)
{
    uint64_t key = requests_mix(asker, kind) | 1;
    struct kind *found = find(key);

    if (found->key == 0) {
        if (kind_count == FULL) {
            found = &others;
        }
        else {
            found->key = key;
            kind_count++;
        }
    }
    return requests_mix(found->key, ++found->count) | 1;
}
