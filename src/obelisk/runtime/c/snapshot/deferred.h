/* Functions without code: it is read from the payload when they are first called, or looked at.

   A snapshot holds many functions that no training run called. What they are made of is in the payload as
   well, as their module's bytecode, for a cold start. So the snapshot need not have it: such a function has
   another entry point, which puts in the code that belongs to it and calls it.

   What keeps CPython from running the code that stands in meanwhile: it calls functions by their entry point
   (PEP 590), and only if that is its own it goes round it; it specialises instructions for functions that have
   a version, and for those without `*args` and `**kwargs`. Such a function has no version, and what stands in
   has both. If something runs it all the same, it raises an exception. */

#ifndef OBELISK_SNAPSHOT_DEFERRED_H
#define OBELISK_SNAPSHOT_DEFERRED_H

#include <Python.h>

/* Take the code from those functions of a list that were never executed, neither here nor in a training run,
   and whose code is found in `module`: the code of the file from which they are, as it is in the payload at
   `path`. `instead` stands in. Return how many, or -1 with an exception. */
Py_ssize_t deferred_take(PyObject *functions, PyObject *path, PyObject *module, PyObject *instead);

/* End taking: the functions that were called by then have their code for good. */
int deferred_settle(void);

#endif
