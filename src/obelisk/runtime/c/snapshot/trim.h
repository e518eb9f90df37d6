/* Dictionaries without the room that they have for more, and classes without what they have twice. */

#ifndef OBELISK_SNAPSHOT_TRIM_H
#define OBELISK_SNAPSHOT_TRIM_H

#include <Python.h>

/* Trim those objects of a list that are dictionaries or classes and that no training run added anything to. One
   that grows after all gets room anew, as any that is full does. Classes lose a copy that nothing reads, too. */
void trim_objects(PyObject *list);

#endif
