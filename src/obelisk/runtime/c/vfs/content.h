/* The open files of the executable's own file system: which they are, and which of them are large.

   A small file is copied into a memory file when it is opened; while that is open, it is the file for
   all who open it. A large one that is stored as it is has a memory file too, for its place, size and
   locks, but nothing is in it: vfs/large.c gives its bytes from the executable, and it is filled when
   somebody else could come to read it (vfs/inherit.c). */

#ifndef OBELISK_VFS_CONTENT_H
#define OBELISK_VFS_CONTENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "payload/payload.h"

/* Bytes from which a file is large; those that are begin at a page (payload.py). */
#define VFS_LARGE (1 << 20)

/* A large file that was opened. Its memory file stays for as long as the process has `keeper`. */
struct vfs_large {
    const struct payload_record *record;
    dev_t device;
    ino_t inode;
    int keeper; /* a descriptor that nobody was given; may have been closed */
};

/* How many large files were opened: as long as it is 0, no descriptor needs to be looked at. */
extern _Atomic int vfs_large_count;

/* Find the large file that a descriptor stands for, NULL if it is another's. Returns 0, or -1 with errno where
   the kernel does not say what it is: whatever was to be done fails then, for what is read must not be
   the emptiness of a memory file. */
int vfs_large_of(int descriptor, const struct vfs_large **large);

/* Write the content of a large file to its memory file, whoever reads it then. Safe in a child of vfork.
   Returns 0, or -1 with errno. */
int vfs_large_fill(const struct vfs_large *large, int descriptor);

/* The same, and the record of a small file that was opened lately, by what fstat says. */
const struct vfs_large *vfs_large_by(const struct stat *found);
const struct payload_record *vfs_small_by(const struct stat *found);

/* Let a new descriptor, -1 for none, be closed on execve if it is that of a large file, and fill that if it is
   one of the standard streams. Returns it, or -1 with errno and the descriptor closed. */
int vfs_large_keep(int descriptor);

#endif
