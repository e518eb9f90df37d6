/* Memory for preparing an execution, where nothing may be allocated: a child made by vfork shares its
   parent's memory, posix_spawn's has a stack of 5 KiB, and neither can free what it leaves behind. */

#ifndef OBELISK_SCRATCH_H
#define OBELISK_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Let threads free their scratch memory when they end. Called once, before there are threads. */
void scratch_open(void);

/* Return `size` bytes, zero or not, that stay this thread's until its next call; NULL with errno set
   when there is no memory. */
void *scratch_reserve(size_t size);

#endif
