/* Letting objects that are equal be one, where no program tells them apart. */

#ifndef OBELISK_SNAPSHOT_SHARE_H
#define OBELISK_SNAPSHOT_SHARE_H

#include <Python.h>

/* Let code that objects of a list refer to have one tuple of equal names, and one object of equal bytes that
   describe it: half of what there is of each kind is equal to another's. */
void share_parts_of_code(PyObject *list);

#endif
