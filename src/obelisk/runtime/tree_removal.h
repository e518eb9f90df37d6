/* Removing a folder with all that is in it. */

#ifndef OBELISK_TREE_REMOVAL_H
#define OBELISK_TREE_REMOVAL_H

/* Remove a folder of this user's own; do nothing when there is none. No link is followed. */
void tree_remove(const char *path);

#endif
