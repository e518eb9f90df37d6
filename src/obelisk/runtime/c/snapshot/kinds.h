/* What kinds of blocks of memory there are, to the builder (snapshot/plan.py). */

#ifndef OBELISK_SNAPSHOT_KINDS_H
#define OBELISK_SNAPSHOT_KINDS_H

#include "snapshot/places.h"

#define KINDS_DENSE 1U /* an object that needs an alignment of 8 only */
#define KINDS_CODE 2U  /* a code object */

/* Return of which kinds a block is. */
uint32_t kinds_of(const struct block *block);

#endif
