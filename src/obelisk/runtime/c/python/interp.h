/* Starting CPython, running the application in it, and ending it. */

#ifndef OBELISK_INTERP_H
#define OBELISK_INTERP_H

#include "payload/payload.h"

/* Run the application in `payload`; return the process's exit status. */
int interp_run(const struct payload *payload, const char *executable, int argc, char **argv);

#endif
