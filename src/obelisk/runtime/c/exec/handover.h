/* The variable that a process of this executable hands on to what it executes: the processes that run
   one inside the other (exec/nesting.h) and, where the arguments name this executable, a permission.

       OBELISK_<number of the build>=<process>.<process>[:<role><permission>] */

#ifndef OBELISK_HANDOVER_H
#define OBELISK_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "exec/nesting.h"
#include "exec/permission.h"

enum {
    HANDOVER_MAX = sizeof("OBELISK_0123456789abcdef=") + NESTING_TEXT_MAX + 2 + PERMISSION_TEXT,
};

struct handover {
    bool is_there; /* the variable, with or without a permission */
    char role; /* a letter for what the process was that gave a permission; 0 when it gave none */
    struct permission permission;
};

/* Remove the variable, and marks of paths, from the environment and return what it said. `build` is a
   number that no other executable has; called once, before the others. */
struct handover handover_take(uint64_t build);

/* Say whether an entry of an environment is such a variable. */
bool handover_is(const char *entry);

/* Write an entry of an environment with its zero byte to `into`, which has HANDOVER_MAX bytes; without
   a permission when the role is 0. Takes little stack. */
void handover_write(char *into, const struct handover *handover);

#endif
