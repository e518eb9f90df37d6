/* The executable's own file system: paths below the executable are answered from the payload.

   With the executable at /bin/app, /bin/app/package/data.json is a read-only file for every caller
   of libc in the process. Nothing is written to disk: an open file is a sealed memory file.
   The calls themselves are linked with --wrap and need no declaration. */

#ifndef OBELISK_VFS_H
#define OBELISK_VFS_H

#include "payload.h"

/* Answer for paths below `root`, an absolute path that stays allocated, from now on. */
void vfs_mount(const struct payload *payload, const char *root);

#endif
