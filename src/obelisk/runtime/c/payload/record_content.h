/* The content of a file of the executable's own file system, in a child made by vfork or fork: nothing is
   allocated, no lock taken. */

#ifndef OBELISK_RECORD_CONTENT_H
#define OBELISK_RECORD_CONTENT_H

#include <stdbool.h>

#include "payload/payload.h"

/* Return a record's content; NULL with errno set when there is no memory. It stays until the next call
   here. */
const char *record_content(const struct payload_record *record);

/* Write it to an open file, and set that file's mode and time. Returns false with errno set. */
bool record_write(int file, const struct payload_record *record);

/* Return a descriptor of a new file in memory with it, which no program that is executed inherits; -1
   with errno set when there can be none. The end of `name` is what others see it called. */
int record_in_memory(const struct payload_record *record, const char *name);

#endif
