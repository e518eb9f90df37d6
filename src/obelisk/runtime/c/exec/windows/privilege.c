/* Rights that the caller of this process lacks (exec/privilege.h): there are none here. A process that a
   user let run as administrator is asked about by the system, and is that user's own. */

#include "exec/privilege.h"

bool
privilege_is_raised(void)
{
    return false;
}
