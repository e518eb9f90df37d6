/* Limits of resources that leave Python too little to start. */

#ifndef OBELISK_RESOURCES_H
#define OBELISK_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>

/* End the process with a message when the stack is too small; to be called first of all. */
void resources_require_stack(void);

/* Write what limits memory (`ulimit -v`, `ulimit -d`); return false when nothing does. */
bool resources_describe_limit(char *text, size_t size);

#endif
