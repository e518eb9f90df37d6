/* Taking the code from functions that no training run called (snapshot/deferred.h). */

#ifndef OBELISK_SNAPSHOT_DEFER_H
#define OBELISK_SNAPSHOT_DEFER_H

#include <Python.h>

/* Take the code from those functions of a list that were never executed, neither here nor in a training run,
   and whose code is found in `module`: the code of the file that they are of, as it is in the payload at
   `path`. `stand_in` takes its place. Return how many, or -1 with an exception. */
Py_ssize_t defer_take(PyObject *functions, PyObject *path, PyObject *module, PyObject *stand_in);

/* End taking: from here on functions are given their code when they need it. `objects` has all classes,
   `referents` is `gc.get_referents`, `read_code` is `_obelisk_payload.code`. -1 with an exception. */
int defer_end(PyObject *objects, PyObject *referents, PyObject *read_code);

#endif
