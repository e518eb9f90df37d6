/* Letting equal objects be one. See snapshot/share.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/share.h"

static void
share(PyObject *known, PyObject **field)
{
    PyObject *found = PyDict_SetDefault(known, *field, *field);

    if (found == NULL) {
        PyErr_Clear(); /* for lack of memory */
    }
    else if (found != *field) {
        Py_SETREF(*field, Py_NewRef(found));
    }
}

/* Not its constants: 1 is equal to 1.0. */
static void
share_parts(PyObject *known, PyCodeObject *code)
{
    share(known, &code->co_names);
    share(known, &code->co_exceptiontable);
    share(known, &code->co_localsplusnames);
    share(known, &code->co_localspluskinds);
    share(known, &code->co_linetable);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *constant = PyTuple_GET_ITEM(code->co_consts, i);
        if (PyCode_Check(constant)) {
            share_parts(known, (PyCodeObject *)constant);
        }
    }
}

static int
visit(PyObject *object, void *known)
{
    if (object != NULL && PyCode_Check(object)) {
        share_parts(known, (PyCodeObject *)object);
    }
    return 0;
}

void
share_parts_of_code(PyObject *list)
{
    PyObject *known = PyDict_New();

    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && known != NULL; i++) {
        PyObject *object = PyList_GET_ITEM(list, i);
        if (Py_TYPE(object)->tp_traverse != NULL) {
            Py_TYPE(object)->tp_traverse(object, visit, known);
        }
    }
    PyErr_Clear();
    Py_XDECREF(known);
}
