/* The folder of temporary copies: one for each process, removed when that exits. */

#ifndef OBELISK_COPIES_FOLDER_H
#define OBELISK_COPIES_FOLDER_H

#include <stdbool.h>

/* Say where copies are: the children of this process say the same, also after TMPDIR was changed. `into` has
   PATH_MAX bytes. */
void copies_folder(char *into);

/* Say whether this process is the one that removes them. */
bool copies_is_owner(void);

/* Say whether this process has memory of its own: a child made by vfork has its parent's, and libc's word for
   the number of its thread is the parent's too. */
bool copies_has_own_memory(void);

#endif
