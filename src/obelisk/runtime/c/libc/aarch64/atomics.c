/* Which instructions compiler-rt's atomic operations use: a processor of Armv8.1 has whole ones (LSE),
   which other processors wait less for than for loops of two. The compiler calls functions that look at
   one variable, and nobody else sets it. */

#include <sys/auxv.h>

extern unsigned char __aarch64_have_lse_atomics __attribute__((visibility("hidden")));

/* Before other constructors, which may start threads. */
__attribute__((constructor(101))) static void
choose_instructions(void)
{
    __aarch64_have_lse_atomics = (getauxval(AT_HWCAP) & HWCAP_ATOMICS) != 0;
}
