/* The value by which functions find out that their frame was written over (-fstack-protector): another one
   in each process. mingw-w64's own is the same in all of them. */

#include <stdint.h>
#include <windows.h>

#include <bcrypt.h>

extern uintptr_t __stack_chk_guard;

uintptr_t __stack_chk_guard = (uintptr_t)0x595e9fbd94fda766;

/* Before anything that has a frame to guard: what has begun compares the old value when it ends. A text that
   is too long ends at a zero byte, so there is one. */
__attribute__((constructor(101), no_stack_protector)) static void
choose(void)
{
    uintptr_t value;

    if (BCryptGenRandom(NULL, (PUCHAR)&value, sizeof(value), BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0) {
        __stack_chk_guard = value & ~(uintptr_t)0xff00;
    }
}
