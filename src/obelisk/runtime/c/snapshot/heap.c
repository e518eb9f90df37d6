/* Memory for a snapshot: all of it is at addresses that follow from what was asked for before.

   libc keeps what it allocates for itself in a heap of its own, which begins wherever the kernel has it. Here
   that is the allocator's as well: these functions take the place of musl's. */

#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "snapshot/early.h"
#include "snapshot/format.h"

#define LARGE (32UL << 20) /* what allocators align their segments to */
#define MEDIUM (1UL << 20)
#define SMALL 4096UL

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *before, size_t size);
void __libc_free(void *block);
/* Of musl, hidden; its mmap and madvise are weak names of them. Stacks of threads are mapped by the former. */
void *__real___mmap(void *, size_t, int, int, int, off_t);
void *__wrap___mmap(void *, size_t, int, int, int, off_t);
int __madvise(void *, size_t, int);

static uintptr_t heap_start;
static uintptr_t next;

void *
__libc_malloc(size_t size)
{
    return malloc(size);
}

void *
__libc_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *
__libc_realloc(void *before, size_t size)
{
    return realloc(before, size);
}

void
__libc_free(void *block)
{
    free(block);
}

/* Addresses are not used twice. */
static void *
map(size_t size, int rights, int flags, int file, off_t offset)
{
    uintptr_t alignment = size >= LARGE ? LARGE : size >= MEDIUM ? MEDIUM : SMALL;
    uintptr_t start;
    void *mapped;

    if (next == 0) {
        uint64_t place;
        uint64_t bytes;
        const struct snapshot_header *header = early_part(&place, &bytes);
        heap_start = header->heap;
        next = heap_start;
    }
    start = (next + alignment - 1) & ~(alignment - 1);
    mapped = __real___mmap((void *)start, size, rights, flags | MAP_FIXED_NOREPLACE, file, offset);
    if (mapped != MAP_FAILED) {
        next = (start + size + SMALL - 1) & ~(SMALL - 1);
    }
    return mapped;
}

void *
mmap(void *address, size_t size, int rights, int flags, int file, off_t offset)
{
    bool is_placed = snapshot_is_preparing() || snapshot_is_trained();

    if (is_placed && (flags & MAP_PRIVATE) && !(flags & MAP_FIXED)) {
        return map(size, rights, flags, file, offset);
    }
    return __real___mmap(address, size, rights, flags, file, offset);
}

void *
__wrap___mmap(void *address, size_t size, int rights, int flags, int file, off_t offset)
{
    return mmap(address, size, rights, flags, file, offset);
}

/* Memory that is given back comes zeroed again. Here it would come as the snapshot has it: pages of a
   file, not the kernel's. */
int
madvise(void *address, size_t size, int advice)
{
    uintptr_t start = (uintptr_t)address;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    bool is_kept = start >= heap_start && start < next;

    if (advice != MADV_DONTNEED || snapshot_is_preparing() || !is_kept) {
        return __madvise(address, size, advice);
    }
    if (__real___mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
        return -1;
    }
    return 0;
}
