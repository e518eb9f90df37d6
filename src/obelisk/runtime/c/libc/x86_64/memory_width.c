/* Whether this processor, and the system, have the wide registers of AVX2. */

#include "libc/x86_64/memory.h"

#include <cpuid.h>

#define XMM_AND_YMM 6u

unsigned char memory_width;

/* What the system saves when it switches threads. */
static unsigned
saved_state(void)
{
    unsigned low;
    unsigned high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

enum memory_width
memory_find_width(void)
{
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;
    enum memory_width width = WIDTH_NARROW;

    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) != 0 && (c & bit_AVX) != 0 &&
        (saved_state() & XMM_AND_YMM) == XMM_AND_YMM && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
        (b & bit_AVX2) != 0) {
        width = WIDTH_WIDE;
    }
    __atomic_store_n(&memory_width, (unsigned char)width, __ATOMIC_RELAXED);
    return width;
}
