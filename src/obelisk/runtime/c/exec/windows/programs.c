/* Executing programs that are inside the executable (exec/programs.h): there are none here. */

#include "exec/programs.h"

#include <errno.h>

int
programs_execute(const struct execution *execution)
{
    (void)execution;
    errno = ENOEXEC;
    return -1;
}

void
programs_serve(char **argv)
{
    (void)argv;
}
