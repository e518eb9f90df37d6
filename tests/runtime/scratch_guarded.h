/* Stands for scratch.c: memory that ends exactly where a page is that nobody may touch. */

#ifndef OBELISK_CHECK_SCRATCH_GUARDED_H
#define OBELISK_CHECK_SCRATCH_GUARDED_H

#include "exec/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

void *
scratch_reserve(enum scratch_use use, size_t size)
{
    static char *region;
    static size_t region_size;
    size_t pages = (size + 2 * PAGE - 1) & ~(PAGE - 1);

    (void)use;
    if (region != NULL) {
        munmap(region, region_size);
    }
    region_size = pages + PAGE;
    region = mmap(NULL, region_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED || mprotect(region + pages, PAGE, PROT_NONE) != 0) {
        abort();
    }
    memset(region, 0xaa, pages);
    return region + ((pages - size) & ~(size_t)15);
}

#endif
