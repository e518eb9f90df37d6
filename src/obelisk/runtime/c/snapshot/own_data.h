/* The executable's own data, which its file has as the snapshot has it (snapshot/own_data.py). */

#ifndef OBELISK_SNAPSHOT_OWN_DATA_H
#define OBELISK_SNAPSHOT_OWN_DATA_H

#include "snapshot/format.h"

/* Make it what libc expects that relocates it, in a process that does not go on from the snapshot. */
void own_data_restore(const struct snapshot_header *header);

#endif
