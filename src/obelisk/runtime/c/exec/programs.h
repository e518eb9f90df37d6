/* Executing programs that are inside the executable: from memory, without a file on disk. */

#ifndef OBELISK_PROGRAMS_H
#define OBELISK_PROGRAMS_H

#include "exec/execution.h"

/* Execute a file of the executable's own file system, as the kernel would a file on disk: a program in
   ELF, or a script that names its interpreter. Takes a stack of some size (exec/spare_stack.h). Returns -1
   with errno set. */
int programs_execute(const struct execution *execution);

/* Give copies to programs that do not see what is inside, unless that is switched off. Put the folder of commands before all others that are searched for programs, if there is one, and
   become the program that this executable is built to be, if there is one and `argv` is given. Called
   at start. */
void programs_serve(char **argv);

#endif
