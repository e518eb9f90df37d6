/* The processes of this executable that run one inside the other: an application that was started by
   itself, by whatever way, and so on. Each tells the next in an environment variable. Those that ended
   do not count, so a program may start itself anew for ever, in place or by a process that replaces it. */

#ifndef OBELISK_NESTING_H
#define OBELISK_NESTING_H

#include <stddef.h>

enum {
    NESTING_MOST = 100,                         /* that are remembered, besides this process */
    NESTING_TEXT_MAX = (NESTING_MOST + 1) * 11, /* characters: their numbers, and dots */
};

/* Read what the process before wrote, up to the first character that is not part of it, and forget
   those that ended. */
void nesting_read(const char *text);

/* Return how many there are, without this process. */
size_t nesting_count(void);

/* This process is one of them, for all that it executes. */
void nesting_enter(void);

/* Write them as text, without a zero byte; return the end of it. Takes little stack. */
char *nesting_write(char *into);

#endif
