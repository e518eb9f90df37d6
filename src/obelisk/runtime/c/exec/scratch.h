/* Memory for preparing an execution, where nothing may be allocated: a child made by vfork shares its
   parent's memory, posix_spawn's has a stack of 5 KiB, and neither can free what it leaves behind. */

#ifndef OBELISK_SCRATCH_H
#define OBELISK_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* What memory is reserved for; each use has its own. */
enum scratch_use {
    SCRATCH_DRAFT,     /* arguments and environment as exec/self_exec.c gives them on */
    SCRATCH_STACK,     /* the stack of exec/spare_stack.h */
    SCRATCH_WORDS,     /* arguments and environment with other paths in them */
    SCRATCH_ARGUMENTS, /* arguments with others before them */
    SCRATCH_EXPAND,    /* the content of a file, and what expanding it takes */
    SCRATCH_USES,
};

/* Let threads free their scratch memory when they end. Called once, before there are threads. */
void scratch_open(void);

/* Return `size` bytes, zero or not, that stay this thread's until its next call for the same use;
   NULL with errno set when there is no memory. */
void *scratch_reserve(enum scratch_use use, size_t size);

/* Give back what is larger than a program that goes on to run should keep. */
void scratch_release(enum scratch_use use);

#endif
