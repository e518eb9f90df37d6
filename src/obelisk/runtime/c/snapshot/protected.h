/* Data that is read-only once it is relocated (PT_GNU_RELRO). An executable with a snapshot has it in its file
   as it is at the snapshot's address (link/elf/protected.py). */

#ifndef OBELISK_SNAPSHOT_PROTECTED_H
#define OBELISK_SNAPSHOT_PROTECTED_H

#include <stdint.h>

/* Make it what libc expects that relocates it, in a process that does not go on from the snapshot. */
void protected_restore(uint64_t image);

#endif
