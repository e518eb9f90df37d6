/* Descriptions of terminals that the user keeps in ~/.terminfo. ncurses, as it is built by default,
   reads them for whoever has more rights than its caller as well. What variables name is gone then
   (exec/privilege.c), but not the home folder. */

#include "exec/privilege.h"

#include <stddef.h>

char *__real__nc_home_terminfo(void);
char *__wrap__nc_home_terminfo(void);

char *
__wrap__nc_home_terminfo(void)
{
    return privilege_is_raised() ? NULL : __real__nc_home_terminfo();
}
