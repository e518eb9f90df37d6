/* Whether PYTHONPATH has effect in a process that this executable is `python` in. See exec/python_path.h. */

#include "exec/python_path.h"

#include <stdlib.h>
#include <string.h>

#include "exec/process.h"


void
python_path_open(bool is_obeyed)
{
    const char *value = getenv("PYTHONPATH");

    process.obeys_python_path = is_obeyed;
    /* A copy: programs that change how they are named in lists of processes write over the rest. */
    process.python_path = value ? strdup(value) : NULL;
}

bool
python_path_is_obeyed(void)
{
    return process.obeys_python_path;
}

bool
python_path_is_given(char *const envp[])
{
    static const char name[] = "PYTHONPATH=";

    for (; envp != NULL && *envp != NULL; envp++) {
        if (strncmp(*envp, name, sizeof(name) - 1) == 0) {
            return process.obeys_python_path || process.python_path == NULL
                   || strcmp(*envp + sizeof(name) - 1, process.python_path) != 0;
        }
    }
    return false;
}
