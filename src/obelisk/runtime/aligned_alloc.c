/* The one allocating function of libc that mimalloc leaves to others where libc is musl: with
   musl's own, `free` would be given memory that is not mimalloc's. */

#include <malloc.h>
#include <stdlib.h>

void *
aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}
