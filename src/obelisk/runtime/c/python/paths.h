/* The paths of CPython's configuration: those of an installation whose prefix is the executable. */

#ifndef OBELISK_PATHS_H
#define OBELISK_PATHS_H

#include <Python.h>

#include "payload/payload.h"

/* Set `sys.path`, `sys.prefix` and the like for the executable at that path. */
PyStatus paths_set(PyConfig *config, const struct payload *payload, const char *executable);

#endif
