/* The executable's own file, as it was when it was written: what integrity.c compares with the digest.

   Each of these ends the process when the file cannot be read. */

#ifndef OBELISK_CHECKED_FILE_H
#define OBELISK_CHECKED_FILE_H

#include <stdint.h>

/* Open it for the two others. */
intptr_t checked_file_open(void);

/* Read `size` bytes from `place` on. What a signature that was added later has changed is zero, as it
   was. */
void checked_file_read(intptr_t file, uint8_t *block, uint32_t size, uint64_t place);

void checked_file_close(intptr_t file);

#endif
