/* `_obelisk_payload`: the payload as the frozen importer sees it. */

#ifndef OBELISK_MODULE_H
#define OBELISK_MODULE_H

#include <Python.h>

#include <stdbool.h>

#include "payload/payload.h"

/* Tell the module which payload to serve, before the interpreter starts. */
void module_serve(const struct payload *payload, const char *root, bool is_application);

/* The module's init function, for the table of built-in modules. */
PyMODINIT_FUNC module_init(void);

#endif
