/* Files that have no name: in memory, or where the kernel refuses that, removed at once. */

#ifndef OBELISK_VFS_MEMORY_H
#define OBELISK_VFS_MEMORY_H

#include <stdbool.h>

/* Called to write what a new file is to have. Returns 0, or -1 with errno. */
typedef int vfs_memory_fill(int file, const void *what);

/* Create a file, let `fill` write it, and open it read-only where that is possible, with O_CLOEXEC. Its
   `name`, whose end is shown if it is long, is what /proc shows. Returns -1 with errno. */
int vfs_memory_file(const char *name, bool executable, vfs_memory_fill *fill, const void *what);

/* Open the file of a descriptor once more, through /proc. Returns -1 with errno. */
int vfs_memory_again(int descriptor, int flags);

/* Open the file of a descriptor anew, under the same number and with O_CLOEXEC; it stays as it is where that
   cannot be. Returns the descriptor, or -1 with errno. */
int vfs_memory_reopen(int file, int flags);

/* Create an empty memory file for writing that can be sealed, with O_CLOEXEC. Returns -1 with errno. */
int vfs_memory_create(const char *name, bool executable);

#endif
