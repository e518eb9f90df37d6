/* Ending a process that goes on from a snapshot. */

#ifndef OBELISK_SNAPSHOT_FINISH_H
#define OBELISK_SNAPSHOT_FINISH_H

#include <Python.h>

#include <stdbool.h>

/* Say whether the exception that is raised ends the program by an exit status, and by which. */
bool finish_is_exit(int *status);

/* Keep the frozen module that knows what is to be done at the end: `sys.modules` may be cleared. */
void finish_keep(PyObject *module);

/* Say whether there is no other interpreter in the process. */
bool finish_is_alone(void);

/* End the process without finalising Python, where programs do not see it; return otherwise, and if Python is to be
   finalised as a `whole`. */
void finish(int status, bool is_whole);

/* What `_snapshot` has of this. */
extern PyMethodDef finish_methods[];

#endif
