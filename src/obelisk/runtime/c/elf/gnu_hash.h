/* Symbol tables with GNU hash tables, of the executable and of the objects linked into it. */

#ifndef OBELISK_SYMBOLS_H
#define OBELISK_SYMBOLS_H

#include <link.h>
#include <stdint.h>

#include "elf/dso.h"

struct symbols {
    const ElfW(Sym) *table;
    const char *strings;
    const uint32_t *hash;
    const uint16_t *versions; /* may be NULL */
};

/* Return the executable's own exported symbols: libc and the Python C API. */
struct symbols symbols_of_executable(void);

struct symbols symbols_of_object(const struct object *object);

/* Return the hash of a name, which `symbols_find` asks for. */
uint32_t symbols_hash(const char *name);

/* Return the definition of that name, or NULL. */
const ElfW(Sym) *symbols_find(const struct symbols *symbols, const char *name, uint32_t wanted);

/* Return the nearest function or variable at or below a place of their own, or NULL. */
const ElfW(Sym) *symbols_nearest(const struct symbols *symbols, uint64_t place);

#endif
