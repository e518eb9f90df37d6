/* Writing a file of the executable's own file system into one that the kernel knows. Memory is allocated:
   not for a child made by vfork, which has payload/record_content.h. */

#ifndef OBELISK_VFS_WRITE_H
#define OBELISK_VFS_WRITE_H

#include "payload/payload.h"

/* Write a record's content. Returns -1 with errno. */
int vfs_write(int file, const struct payload_record *record);

/* Set what those see of a file who ask the kernel, such as other programs: mode and time. Returns -1
   with errno. */
int vfs_write_attributes(int file, const struct payload_record *record);

#endif
