/* What becomes of a heap that was found corrupt, with `allocator-hardening`: the process ends.
   mimalloc would go on by default, for it leaves what it cannot trust alone. */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* As in mimalloc.h, which no sysroot has. */
void mi_register_error(void (*)(int, void *), void *);

static void
end_when_corrupt(int error, void *unused)
{
    static const char message[] = "heap corruption detected, aborting\n";

    (void)unused;
    /* EAGAIN: freed twice. EFAULT: a free list was written to. EINVAL: no such block. */
    if (error == EAGAIN || error == EFAULT || error == EINVAL) {
        (void)!write(STDERR_FILENO, message, sizeof(message) - 1);
        abort();
    }
}

__attribute__((constructor)) static void
watch_the_heap(void)
{
    mi_register_error(end_when_corrupt, NULL);
}
