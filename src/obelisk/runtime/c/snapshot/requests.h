/* Telling requests for memory apart, so that the same one is known again in another attempt at a snapshot.

   Their order alone does not tell them: addresses differ between attempts, and so does the order of a set of
   objects that are hashed by their address, and what follows from it. So a request is known by what Python code
   makes it, for how many bytes, and as the how manieth of these: another order there shifts nothing else. */

#ifndef OBELISK_SNAPSHOT_REQUESTS_H
#define OBELISK_SNAPSHOT_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

/* Begin to count, in memory that is zero at an address of which so many bytes are free. */
#define REQUESTS_MEMORY (64UL << 20)
void requests_begin(void *memory);

/* Return the key of the next request by an asker for a kind of memory. It is never 0. What is asked for once the
   memory is full is known by the order alone. */
uint64_t requests_key(uint64_t asker, uint64_t kind);

/* Return a number that two others decide, each bit of them about half of its bits. */
uint64_t requests_mix(uint64_t one, uint64_t other);

#endif
