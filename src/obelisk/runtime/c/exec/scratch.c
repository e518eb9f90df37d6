/* Memory for preparing an execution. See exec/scratch.h.

   One mapping for each use and each thread that executes anything. A child made by vfork has its
   parent's thread-local variables, so what it maps is found, and used again, by the parent. */

#include "exec/scratch.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRANULE ((size_t)64 * 1024)

struct region {
    void *start;
    size_t size;
};

static _Thread_local struct region regions[SCRATCH_USES];
static pthread_key_t end_of_thread;
static bool has_key;

/* By the bare calls: libc's own may take a lock that a child made by vfork would leave taken. */
void
scratch_release(enum scratch_use use)
{
    struct region *region = &regions[use];

    if (region->start != NULL) {
        syscall(SYS_munmap, region->start, region->size);
        region->start = NULL;
        region->size = 0;
    }
}

static void
release_all(void *unused)
{
    (void)unused;
    for (int use = 0; use < SCRATCH_USES; use++) {
        scratch_release((enum scratch_use)use);
    }
}

void
scratch_open(void)
{
    has_key = pthread_key_create(&end_of_thread, release_all) == 0;
}

void *
scratch_reserve(enum scratch_use use, size_t size)
{
    struct region *region = &regions[use];
    long mapped;

    if (size <= region->size) {
        return region->start;
    }
    scratch_release(use);
    size = (size + GRANULE - 1) & ~(GRANULE - 1);
    mapped = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
    if (mapped == -1) {
        errno = ENOMEM;
        return NULL;
    }
    region->start = (void *)mapped;
    region->size = size;
    if (has_key) {
        pthread_setspecific(end_of_thread, region); /* any value but NULL */
    }
    return region->start;
}
