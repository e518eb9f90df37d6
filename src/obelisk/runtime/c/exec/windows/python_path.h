/* Whether a process that is started is to obey PYTHONPATH (exec/python_path.h). */

#ifndef OBELISK_WINDOWS_PYTHON_PATH_H
#define OBELISK_WINDOWS_PYTHON_PATH_H

#include <stdbool.h>
#include <wchar.h>

/* Say whether the value in an environment, NULL for this process's own, is one that a program in this
   process has set, or that it obeys itself. */
bool python_path_is_set(const wchar_t *environment);

#endif
