/* What this process is. See exec/process.h. */

#include "exec/process.h"

struct process process;

void
process_renew(void)
{
    process = (struct process){.path = NULL};
}
