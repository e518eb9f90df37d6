/* Where Python's blocks of memory are placed while a snapshot is made.

   What is alive at its end is put together, in the order in which it was asked for, and apart from what is
   not: the snapshot has no gaps then. And what is written to at a start is put together, since each page
   that is written to is copied.

   Which block that will be is known from the attempt before, which did the same: the builder knows the
   requests by their keys, and says of each what became of it (snapshot/plan.py). It may be wrong: then the block is in a
   place that is not the best. */

#ifndef OBELISK_SNAPSHOT_BLOCKS_H
#define OBELISK_SNAPSHOT_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* Begin, before Python is initialised. Without a plan beside the file that memory is written to, nothing
   happens. */
void blocks_begin(void);

/* Leave the memory to Python, clear what is no block of it, and write which there are beside the file that
   memory is written to; false with errno. */
bool blocks_end(void);

/* Return the lowest address that one can have. */
uintptr_t blocks_start(void);

/* Say whether there is an empty plan: it is the first attempt. */
bool blocks_are_first(void);

/* Say whether the plan has it that no training run changed a block; and whether it has that of any. */
bool blocks_is_unchanged(const void *block);
bool blocks_are_marked(void);

#endif
