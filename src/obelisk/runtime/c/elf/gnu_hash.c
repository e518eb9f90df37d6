/* Symbol tables with GNU hash tables, of the executable and of objects. See elf/gnu_hash.h. */

#include "elf/gnu_hash.h"

#include <stdbool.h>
#include <string.h>

#define HIDDEN_VERSION 0x8000

extern const ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct symbols
symbols_of_executable(void)
{
    struct symbols found = {NULL, NULL, NULL, NULL};

    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            found.table = objects_at(entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            found.strings = objects_at(entry->d_un.d_ptr);
            break;
        case DT_GNU_HASH:
            found.hash = objects_at(entry->d_un.d_ptr);
            break;
        default:
            break;
        }
    }
    return found;
}

struct symbols
symbols_of_object(const struct object *object)
{
    struct symbols found = {
        .table = objects_at(object->symbols),
        .strings = objects_at(object->strings),
        .hash = objects_at(object->hash),
        .versions = object->versions ? objects_at(object->versions) : NULL,
    };

    return found;
}

uint32_t
symbols_hash(const char *name)
{
    uint32_t hash = 5381;

    for (; *name != '\0'; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return hash;
}

/* The table is: bucket count, first hashed symbol, filter words, filter shift; the filter (words of
   pointer size), the buckets, and a chain whose hashes end at one with its lowest bit set. */
const ElfW(Sym) *
symbols_find(const struct symbols *symbols, const char *name, uint32_t wanted)
{
    const uint32_t *hash = symbols->hash;
    const ElfW(Addr) *filter = (const void *)(hash + 4);
    const uint32_t *buckets = (const void *)(filter + hash[2]);
    const uint32_t *chain = buckets + hash[0];
    ElfW(Addr) word = filter[wanted / (8 * sizeof(word)) & (hash[2] - 1)];
    uint32_t index = buckets[wanted % hash[0]];

    if (!(word >> wanted % (8 * sizeof(word)) & word >> (wanted >> hash[3]) % (8 * sizeof(word)) & 1)
        || index < hash[1]) {
        return NULL;
    }
    for (;; index++) {
        uint32_t own = chain[index - hash[1]];
        const ElfW(Sym) *symbol = &symbols->table[index];
        if ((own | 1) == (wanted | 1) && symbol->st_shndx != SHN_UNDEF
            && !(symbols->versions && symbols->versions[index] & HIDDEN_VERSION)
            && strcmp(symbols->strings + symbol->st_name, name) == 0) {
            return symbol;
        }
        if (own & 1) {
            return NULL;
        }
    }
}

/* Is the symbol at or below the place, and if it has a size, is the place in it? */
static bool
covers(const ElfW(Sym) *symbol, uint64_t place)
{
    return symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) <= STT_FUNC
           && symbol->st_value != 0 && symbol->st_value <= place
           && (symbol->st_size == 0 || place < symbol->st_value + symbol->st_size);
}

/* No table says how long it is, but what is exported is hashed. */
static uint32_t
count(const struct symbols *symbols)
{
    const uint32_t *hash = symbols->hash;
    const uint32_t *buckets = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / sizeof(*hash));
    const uint32_t *chain = buckets + hash[0];
    uint32_t last = 0;

    for (uint32_t bucket = 0; bucket < hash[0]; bucket++) {
        last = buckets[bucket] > last ? buckets[bucket] : last;
    }
    while (last >= hash[1] && !(chain[last - hash[1]] & 1)) {
        last++;
    }
    return last + 1;
}

const ElfW(Sym) *
symbols_nearest(const struct symbols *symbols, uint64_t place)
{
    const ElfW(Sym) *end = symbols->table + count(symbols);
    const ElfW(Sym) *best = NULL;

    for (const ElfW(Sym) *symbol = symbols->table; symbol < end; symbol++) {
        if (covers(symbol, place) && (best == NULL || symbol->st_value > best->st_value)) {
            best = symbol;
        }
    }
    return best;
}
