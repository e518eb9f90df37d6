/* Temporary copies of files of the executable's own file system, for programs that do not see it.

   They are in one folder for each process, at the paths that they have in the executable, and removed when
   that process exits, or when a later one does if it was killed. A file is in memory instead where that
   cannot be written, where the process itself becomes another program and will never exit, and with rights
   that the caller lacks. Everything here may be called in a child made by vfork that has a stack of some
   size (exec/spare_stack.h). */

#ifndef OBELISK_COPIES_H
#define OBELISK_COPIES_H

#include <limits.h>

/* Prepare to remove the copies. Called once, before there are children. */
void copies_serve(void);

/* Copy what a path below the executable leads to, a folder with all in it, a file with what is beside
   it if that is little; of a path that goes on behind a file (`x.whl/pip`), that file. Write the path
   of the copy, PATH_MAX bytes, to `into`; return NULL when there is nothing to copy, no place for it,
   or too much of it. */
char *copies_make(const char *path, char *into);

/* Close the files in memory that were made by this thread for a program that could not be executed. */
void copies_take_back(void);

#endif
