/* Mapping the executable at the address that its snapshot has. */

#ifndef OBELISK_SNAPSHOT_MAP_H
#define OBELISK_SNAPSHOT_MAP_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "snapshot/format.h"

/* Map the executable's segments, and the ranges of the snapshot, from its file; false when there is no
   room, after all was as before. `part` is where the header stands in the file. */
bool map_all(const struct snapshot_header *header, int file, uint64_t part);

/* Return the executable's program headers. */
const ElfW(Phdr) *map_headers(int *count);

/* Return how many bytes the executable's segments span in memory. */
uintptr_t map_span(void);

#endif
