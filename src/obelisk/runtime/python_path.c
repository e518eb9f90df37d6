/* Whether PYTHONPATH has effect in a process that this executable is `python` in. See python_path.h. */

#include "python_path.h"

#include <stdlib.h>
#include <string.h>

static bool obeyed;
static char *first; /* the value when this process began, NULL when there was none */

void
python_path_open(bool is_obeyed)
{
    const char *value = getenv("PYTHONPATH");

    obeyed = is_obeyed;
    /* A copy: programs that change how they are named in lists of processes write over the rest. */
    first = value ? strdup(value) : NULL;
}

bool
python_path_is_obeyed(void)
{
    return obeyed;
}

bool
python_path_is_given(char *const envp[])
{
    static const char name[] = "PYTHONPATH=";

    for (; envp != NULL && *envp != NULL; envp++) {
        if (strncmp(*envp, name, sizeof(name) - 1) == 0) {
            return obeyed || first == NULL || strcmp(*envp + sizeof(name) - 1, first) != 0;
        }
    }
    return false;
}
