/* Starting CPython, running the application in it, and ending it. */

#ifndef OBELISK_INTERP_H
#define OBELISK_INTERP_H

#include "payload/payload.h"

/* Run the application in `payload`; return the process's exit status. */
int interp_run(const struct payload *payload, const char *executable, int argc, char **argv);

#ifdef OBELISK_SNAPSHOT
/* Find out anew what this process is, which goes on from a snapshot. */
void interp_resume(int argc, char **argv);
#endif

#endif
