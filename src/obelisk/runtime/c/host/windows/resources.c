/* Limits of resources (host/resources.h). The size of the main thread's stack is the executable's own here,
   and what memory a job may have is told by the error itself. */

#include "host/resources.h"

void
resources_require_stack(void)
{
}

bool
resources_describe_limit(char *text, size_t size)
{
    (void)text;
    (void)size;
    return false;
}
