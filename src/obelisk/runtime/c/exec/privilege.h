/* Rights that the caller of this process lacks: setuid, setgid, file capabilities. */

#ifndef OBELISK_PRIVILEGE_H
#define OBELISK_PRIVILEGE_H

#include <stdbool.h>

/* Say whether this process was started with rights that its caller lacks (AT_SECURE): then arguments
   and environment are the caller's, and must not choose what code runs.

   Variables that make libraries read a file or run code of the caller's choice are removed from the
   environment of such a process before anything reads it. */
bool privilege_is_raised(void);

#endif
