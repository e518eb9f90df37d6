/* The variable that a process of this executable hands on to what it executes. See exec/handover.h. */

#include "exec/handover.h"

#include <stdio.h>
#include <string.h>

#include "exec/process.h"

#define NAME_FORM "OBELISK_%016llx="

extern char **environ;

/* Read one variable, and make its permission useless to who reads the environment from outside. */
static void
read_value(char *value, struct handover *handover)
{
    char *given = strchr(value, ':');

    nesting_read(value);
    if (given == NULL || given[1] == '\0') {
        return;
    }
    if (permission_read_text(given + 2, &handover->permission)) {
        handover->role = given[1];
    }
    memset(given + 2, '0', strlen(given + 2));
}

/* Shells tell what they execute by which path they do, in `_`. */
static void
clean_path_of_shell(char *entry)
{
    struct permission given;
    const char *path = strncmp(entry, "_=", 2) == 0 ? permission_read_mark(entry + 2, &given) : NULL;

    if (path != NULL) {
        memmove(entry + 2, path, strlen(path) + 1);
    }
}

struct handover
handover_take(uint64_t build)
{
    struct handover handover = {.role = '\0'};
    char **kept = environ;

    snprintf(process.variable, sizeof(process.variable), NAME_FORM, (unsigned long long)build);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (handover_is(*entry)) {
            handover.is_there = true;
            read_value(*entry + PROCESS_VARIABLE, &handover);
        }
        else {
            clean_path_of_shell(*entry);
            *kept++ = *entry;
        }
    }
    if (kept != NULL) {
        *kept = NULL;
    }
    return handover;
}

bool
handover_is(const char *entry)
{
    return strncmp(entry, process.variable, PROCESS_VARIABLE) == 0;
}

void
handover_write(char *into, const struct handover *handover)
{
    char *end = nesting_write(stpcpy(into, process.variable));

    if (handover->role != '\0') {
        *end++ = ':';
        *end++ = handover->role;
        end = permission_write_text(end, &handover->permission);
    }
    *end = '\0';
}
