/* The executable's own file system, as all that do not take part in it see it. See vfs/vfs.h. */

#ifndef OBELISK_VFS_MOUNT_H
#define OBELISK_VFS_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "payload/payload.h"

/* Answer for paths below `root`, an absolute path that stays allocated, from now on. */
void vfs_mount(const struct payload *payload, const char *root);

/* Answer for paths below another name of the executable too, without asking the kernel for it. */
void vfs_alias(const char *root);

/* Return what `vfs_mount` was given; NULL before it. */
const struct payload *vfs_payload(void);
const char *vfs_root(void);

/* Return how much of a path is a name of the executable that a slash follows; 0 for another path. */
size_t vfs_name_size(const char *path);

/* Say whether `name` begins with the executable's path and a slash: a quick test on little stack. */
bool vfs_begins(const char *name);

#endif
