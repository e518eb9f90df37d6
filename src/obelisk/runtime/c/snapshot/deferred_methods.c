/* What `_snapshot` has of deferred functions. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/blocks.h"
#include "snapshot/defer.h"
#include "snapshot/deferred.h"

PyDoc_STRVAR(defer_doc, "defer(functions, code, path, module, instead, /)\n--\n\n"
                        "Take the code from functions of a file that no training run executed, if the\n"
                        "code of that file, which a function returns of the path, has it. Other code\n"
                        "stands in.\n"
                        "Return how many.");

static PyObject *
defer(PyObject *self, PyObject *arguments)
{
    PyObject *functions;
    PyObject *read_code;
    PyObject *path;
    PyObject *module;
    PyObject *instead;
    Py_ssize_t count;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "O!OUO!O!", &PyList_Type, &functions, &read_code, &path, &PyCode_Type,
                          &module, &PyCode_Type, &instead)) {
        return NULL;
    }
    count = defer_take(functions, read_code, path, module, instead);
    return count < 0 ? NULL : PyLong_FromSsize_t(count);
}

PyDoc_STRVAR(begin_deferring_doc, "begin_deferring(objects, /)\n--\n\n"
                                  "Say whether it is known what training runs executed. In the first attempt\n"
                                  "at a snapshot it is not, and functions are marked for them to show it.");

static PyObject *
begin_deferring(PyObject *self, PyObject *objects)
{
    (void)self;
    if (!PyList_Check(objects)) {
        PyErr_SetString(PyExc_TypeError, "a list is expected");
        return NULL;
    }
    if (blocks_are_first()) {
        defer_mark(objects);
    }
    if (!blocks_are_marked()) {
        Py_RETURN_FALSE;
    }
    return defer_leave_entered(objects) ? Py_NewRef(Py_True) : NULL;
}

PyDoc_STRVAR(settle_deferred_doc, "settle_deferred(referents, /)\n--\n\n"
                                  "Let such functions have their code when they are called, or looked at;\n"
                                  "given `gc.get_referents`.");

static PyObject *
settle_deferred(PyObject *self, PyObject *referents)
{
    (void)self;
    if (defer_end(referents) < 0) {
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
    {"begin_deferring", begin_deferring, METH_O, begin_deferring_doc},
    {"defer", defer, METH_VARARGS, defer_doc},
    {"settle_deferred", settle_deferred, METH_O, settle_deferred_doc},
    {"deferred", counts, METH_NOARGS, deferred_doc},
    {NULL, NULL, 0, NULL},
};
