/* Hiding audit hooks. See snapshot/audit.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG
#define Py_BUILD_CORE

#include "snapshot/audit.h"

#include <internal/pycore_interp.h>

PyObject *
audit_hide(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    PyObject *hooks = interpreter->audit_hooks;

    interpreter->audit_hooks = NULL;
    return hooks;
}

void
audit_show(PyObject *hooks)
{
    PyInterpreterState_Get()->audit_hooks = hooks;
}
