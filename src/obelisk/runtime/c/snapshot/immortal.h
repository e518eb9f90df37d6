/* Objects that live as long as the process. */

#ifndef OBELISK_SNAPSHOT_IMMORTAL_H
#define OBELISK_SNAPSHOT_IMMORTAL_H

#include <Python.h>

/* Make those objects of a list immortal of which programs do not notice it, and what they refer to; return
   how many. */
size_t immortal_make(PyObject *list);

/* Make one object immortal. */
void immortal_set(PyObject *object);

#endif
