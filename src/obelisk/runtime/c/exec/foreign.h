/* Executing programs that do not see the executable's own file system: what their arguments, their
   environment or the command of a shell name there is given to them as a temporary copy (exec/copies.h). */

#ifndef OBELISK_FOREIGN_H
#define OBELISK_FOREIGN_H

#include <stdbool.h>

#include "exec/execution.h"

/* Give copies from now on. */
void foreign_serve(void);

/* Say whether something that is given on names a path below the executable. */
bool foreign_is_concerned(const struct execution *execution);

/* Execute with copies. Takes a stack of some size (exec/spare_stack.h). */
int foreign_execute(const struct execution *execution);

#endif
