/* What modules asked of variables and files while the snapshot was made: a start is from it only where the
   answers are the same. */

#ifndef OBELISK_SNAPSHOT_GUARDS_H
#define OBELISK_SNAPSHOT_GUARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/early.h"
#include "snapshot/format.h"

/* Return what differs first, for people, or NULL; the name of it is set. */
const char *guards_difference(const struct early_process *process, const struct snapshot_header *header,
                              struct early_text *name);

/* Set the XXH64 of a file's content; false of one that cannot be read, or that is too large to be read at
   each start. */
bool guards_check(const char *path, uint64_t *check);

#endif
