/* A process before libc starts. */

#ifndef OBELISK_SNAPSHOT_EARLY_H
#define OBELISK_SNAPSHOT_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the first argument begins of a process that is to prepare; the name of the application follows. */
#define EARLY_PREPARE "--obelisk-prepare-snapshot="
/* How many arguments the builder gives, with that and the executable's path. */
#define EARLY_ARGUMENTS 4

/* What the kernel puts on the stack of a new program. */
struct early_process {
    int argc;
    char **argv;
    char **environment;
    uintptr_t *auxiliary;
};

/* Part of a text, without a zero byte behind it. */
struct early_text {
    const char *start;
    size_t size;
};

struct early_process early_read(uintptr_t *stack);

bool early_equal(const char *one, const char *other);

size_t early_length(const char *text);

/* Return the value of a variable of the environment whose name has `size` bytes, or NULL. */
const char *early_variable(const struct early_process *process, const char *name, size_t size);

/* Return where the value of an entry of the auxiliary vector stands, or NULL. */
uintptr_t *early_auxiliary(const struct early_process *process, uintptr_t type);

/* Return the executable's part with the snapshot; NULL when it has none. */
const void *early_part(uint64_t *offset, uint64_t *size);

/* Called in the executable as it was mapped anew, with where it was mapped before, and how many bytes. */
_Noreturn void early_arrive(uintptr_t *stack, uintptr_t before, uintptr_t span);

#endif
