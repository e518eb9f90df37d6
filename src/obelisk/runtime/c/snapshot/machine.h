/* What runs before libc can: no thread pointer, no relocated data. One file for each machine. */

#ifndef OBELISK_SNAPSHOT_MACHINE_H
#define OBELISK_SNAPSHOT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/format.h"

/* Functions of such a file must not look for the canary of a thread that is not set up. */
#define MACHINE_EARLY __attribute__((no_stack_protector))

/* Make a system call; return what the kernel does: -errno when it fails. */
long machine_call(long number, long a, long b, long c, long d, long e, long f);

/* Set what the processor can do, as far as code chooses by it. */
void machine_features(uint32_t words[SNAPSHOT_WORDS]);

/* Let this process, and what it starts by fork(2), see a processor with fewer features, where the kernel can do
   that. SIGSEGV is used for it. */
void machine_hide_features(void);
bool machine_hides_features(void);

/* Go on at `target`, on another stack, with three arguments. */
_Noreturn void machine_continue(uintptr_t target, uintptr_t stack, uintptr_t first, uintptr_t second,
                                uintptr_t third);

/* Go on at `target` as the kernel starts a program. */
_Noreturn void machine_begin(uintptr_t target, uintptr_t stack);

#endif
