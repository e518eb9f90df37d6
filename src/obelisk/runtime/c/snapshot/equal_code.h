/* Whether two code objects do the same, and say the same of themselves. */

#ifndef OBELISK_SNAPSHOT_EQUAL_CODE_H
#define OBELISK_SNAPSHOT_EQUAL_CODE_H

#include <Python.h>

#include <stdbool.h>

/* Say whether nothing tells two code objects apart but that one was executed, and adapted to what it found. */
bool equal_code(PyObject *one, PyObject *other);

#endif
