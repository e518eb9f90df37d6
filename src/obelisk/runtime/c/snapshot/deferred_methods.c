/* What `_snapshot` has of deferred functions. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/blocks.h"
#include "snapshot/defer.h"
#include "snapshot/deferred.h"

PyDoc_STRVAR(defer_doc, "defer(functions, path, module, instead, /)\n--\n\n"
                        "Take the code from functions of a file that were never executed, if the code of\n"
                        "that file, which is in the payload at the path, has it. Other code stands in.\n"
                        "Return how many.");

static PyObject *
defer(PyObject *self, PyObject *arguments)
{
    PyObject *functions;
    PyObject *path;
    PyObject *module;
    PyObject *instead;
    Py_ssize_t count;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "O!UO!O!", &PyList_Type, &functions, &path, &PyCode_Type, &module,
                          &PyCode_Type, &instead)) {
        return NULL;
    }
    count = defer_take(functions, path, module, instead);
    return count < 0 ? NULL : PyLong_FromSsize_t(count);
}

PyDoc_STRVAR(is_deferring_doc, "is_deferring()\n--\n\n"
                               "Say whether it is known what training runs executed.");

static PyObject *
is_deferring(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(blocks_are_marked());
}

PyDoc_STRVAR(settle_deferred_doc, "settle_deferred(objects, referents, code, /)\n--\n\n"
                                  "Let such functions have their code when they are called, or looked at;\n"
                                  "given a list that has all classes, `gc.get_referents` and\n"
                                  "`_obelisk_payload.code`.");

static PyObject *
settle_deferred(PyObject *self, PyObject *arguments)
{
    PyObject *objects;
    PyObject *referents;
    PyObject *read_code;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "O!OO", &PyList_Type, &objects, &referents, &read_code)
        || defer_end(objects, referents, read_code) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(deferred_doc, "deferred()\n--\n\n"
                           "Return from how many functions code was taken, and how many have none now.");

static PyObject *
counts(PyObject *self, PyObject *unused)
{
    size_t left = deferred.count - deferred_completed();

    (void)self;
    (void)unused;
    return Py_BuildValue("(nn)", (Py_ssize_t)deferred.count, (Py_ssize_t)left);
}

PyMethodDef deferred_methods[] = {
    {"is_deferring", is_deferring, METH_NOARGS, is_deferring_doc},
    {"defer", defer, METH_VARARGS, defer_doc},
    {"settle_deferred", settle_deferred, METH_VARARGS, settle_deferred_doc},
    {"deferred", counts, METH_NOARGS, deferred_doc},
    {NULL, NULL, 0, NULL},
};
