/* The variable that a process of this executable hands on (exec/windows/token.h). It is in the environment
   of the process, for all that it starts, but not in the C library's, which programs see. */

#ifndef OBELISK_WINDOWS_HANDOVER_H
#define OBELISK_WINDOWS_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include "exec/windows/token.h"

struct handover {
    char role; /* a letter for what the process is to be; 0 without a permission */
    struct token token;
};

/* Remove the variable from the environment and return what it said; called once, before the others. */
struct handover handover_take(uint64_t build);

/* Count this process among those that run one inside the other. */
void handover_enter(void);

/* Write the variable, with its name, to `into`, which has room for PROCESS_HANDED_MAX units. */
void handover_write(wchar_t *into, const struct handover *handover);

/* Put what is handed on without a permission, or with one, into the environment of this process. */
void handover_put(const struct handover *handover);

/* Return a copy of an environment, NULL for this process's own, with what is handed on, in memory that is
   to be freed; NULL when there is none. It is as CreateProcessW takes it: texts `NAME=value`, each ended
   by a zero, and one more. */
wchar_t *handover_environment(const wchar_t *environment, const struct handover *handover);

#endif
