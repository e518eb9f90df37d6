/* The shared objects that are linked in (elf/dso.h): executables of this format have none. */

#include "elf/dso.h"

void
objects_open(const struct objects *base, uint64_t size)
{
    (void)base;
    (void)size;
}

const struct objects *
objects_table(void)
{
    return NULL;
}

const char *
objects_named(const char *start)
{
    (void)start;
    return NULL;
}
