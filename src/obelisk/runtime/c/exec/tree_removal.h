/* Removing a folder with all that is in it. */

#ifndef OBELISK_TREE_REMOVAL_H
#define OBELISK_TREE_REMOVAL_H

#include <stdbool.h>

/* Remove a folder of this user's own; return false when there is none. No link is followed. */
bool tree_remove(const char *path);

#endif
