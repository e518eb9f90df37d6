/* Memory for preparing an execution. See scratch.h.

   One mapping for each thread that executes anything. A child made by vfork has its parent's
   thread-local variables, so what it maps is found, and used again, by the parent. */

#include "scratch.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRANULE ((size_t)64 * 1024)

static _Thread_local void *region;
static _Thread_local size_t region_size;
static pthread_key_t end_of_thread;
static bool has_key;

/* By the bare calls: libc's own may take a lock that a child made by vfork would leave taken. */
static void
release(void *unused)
{
    (void)unused;
    if (region != NULL) {
        syscall(SYS_munmap, region, region_size);
        region = NULL;
        region_size = 0;
    }
}

void
scratch_open(void)
{
    has_key = pthread_key_create(&end_of_thread, release) == 0;
}

void *
scratch_reserve(size_t size)
{
    long mapped;

    if (size <= region_size) {
        return region;
    }
    release(NULL);
    size = (size + GRANULE - 1) & ~(GRANULE - 1);
    mapped = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
    if (mapped == -1) {
        errno = ENOMEM;
        return NULL;
    }
    region = (void *)mapped;
    region_size = size;
    if (has_key) {
        pthread_setspecific(end_of_thread, region); /* any value but NULL */
    }
    return region;
}
