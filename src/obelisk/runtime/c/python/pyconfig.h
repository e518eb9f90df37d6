/* The settings that are fields of CPython's configuration (PEP 587), applied to it. */

#ifndef OBELISK_CONFIGURE_H
#define OBELISK_CONFIGURE_H

#include <Python.h>

/* Set the fields of a pre-configuration that settings name. */
void configure_before(PyPreConfig *config);

/* Set the fields of a configuration that settings name. */
PyStatus configure(PyConfig *config);

#ifdef OBELISK_SNAPSHOT
/* Set how many processors there are in a process that goes on from a snapshot, if a setting says so. */
void configure_processors(PyConfig *config);
#endif

/* Append a text in the file system's encoding to one of a configuration's lists. */
PyStatus configure_append(PyWideStringList *list, const char *text);

#endif
