/* The program's audit hooks, kept from what it does not do itself. */

#ifndef OBELISK_SNAPSHOT_AUDIT_H
#define OBELISK_SNAPSHOT_AUDIT_H

#include <Python.h>

/* Let no hook of this interpreter be called; return what `audit_show` takes to let them be again. The caller keeps
   the GIL. */
PyObject *audit_hide(void);
void audit_show(PyObject *hooks);

#endif
