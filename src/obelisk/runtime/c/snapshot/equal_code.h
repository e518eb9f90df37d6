/* Whether two code objects do the same, and say the same of themselves. */

#ifndef OBELISK_SNAPSHOT_EQUAL_CODE_H
#define OBELISK_SNAPSHOT_EQUAL_CODE_H

#include <Python.h>

#include <stdbool.h>

/* Say whether nothing tells two code objects apart, including that none of them was ever executed if the other
   was not: the first execution writes to the instructions. */
bool equal_code(PyObject *one, PyObject *other);

#endif
