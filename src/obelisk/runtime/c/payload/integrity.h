/* `integrity = "start"`: the whole file is checked before anything of it is used. */

#ifndef OBELISK_INTEGRITY_H
#define OBELISK_INTEGRITY_H

#include <stdint.h>

/* Return a number that no other executable has: the first bytes of the digest's root. */
uint64_t integrity_build(void);

/* Compare every byte of the executable's file with the digest that `link` wrote (link/digest.py). The
   process ends when they differ, or when the file cannot be read. */
void integrity_check(void);

#endif
