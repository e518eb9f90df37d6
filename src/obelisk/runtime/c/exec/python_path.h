/* Whether PYTHONPATH has effect in a process that this executable is `python` in: only where a program
   in it has set the variable for what it executes. A value from outside has none, however far it was
   handed on. This file does not know Python. */

#ifndef OBELISK_PYTHON_PATH_H
#define OBELISK_PYTHON_PATH_H

#include <stdbool.h>

/* Say at the start of a process whether it obeys the variable; called once, before the others. */
void python_path_open(bool is_obeyed);

bool python_path_is_obeyed(void);

/* Say whether a process that is executed with this environment is to obey it: the value is not the one
   that this process began with, or this process obeys it. Takes little stack. */
bool python_path_is_given(char *const envp[]);

#endif
