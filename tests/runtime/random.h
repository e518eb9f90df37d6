/* The same random numbers in each run. */

#ifndef OBELISK_CHECK_RANDOM_H
#define OBELISK_CHECK_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline size_t
below(size_t limit)
{
    static uint64_t state = 88172645463325252U;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state >> 33) % limit;
}

#endif
