/* Taking the code from functions that no training run called (snapshot/deferred.h). */

#ifndef OBELISK_SNAPSHOT_DEFER_H
#define OBELISK_SNAPSHOT_DEFER_H

#include <Python.h>

#include <stdbool.h>

/* Let the code of functions of a list be written to when it is executed, as if that were the first time:
   then training runs show what they execute. */
void defer_mark(PyObject *objects);

/* Let functions be left alone that specialised instructions enter as the `__init__` of a class in a list: these
   look at the class only. False with an exception. */
bool defer_leave_entered(PyObject *objects);

/* Take the code from those functions of a list that no training run executed, and whose code is found in
   `module`: the code of the file that they are of, as `read_code` returns it of `path`. `stand_in` takes its
   place. Return how many, or -1 with an exception. */
Py_ssize_t defer_take(PyObject *functions, PyObject *read_code, PyObject *path, PyObject *module,
                      PyObject *stand_in);

/* End taking: from here on functions are given their code when they need it. `referents` is
   `gc.get_referents`. -1 with an exception. */
int defer_end(PyObject *referents);

#endif
