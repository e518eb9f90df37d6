/* What `_snapshot` has for the end of a process that goes on from a snapshot. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/finish.h"

/* A generator that runs cannot be closed: it is a thread's that was left. */
static bool
is_running(PyObject *object)
{
    static const char *const names[] = {"gi_running", "cr_running", "ag_running"};
    bool found = false;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !found; i++) {
        PyObject *flag = PyObject_HasAttrString(object, names[i])
                             ? PyObject_GetAttrString(object, names[i])
                             : NULL;
        found = flag == Py_True;
        Py_XDECREF(flag);
    }
    return found;
}

static bool
finalizes(PyObject *object)
{
    return Py_TYPE(object)->tp_finalize != NULL && PyObject_IS_GC(object)
           && !PyObject_GC_IsFinalized(object);
}

PyDoc_STRVAR(has_finalizer_doc, "has_finalizer(object, /)\n--\n\n"
                                "Say whether something is to be called when an object goes.");

static PyObject *
has_finalizer(PyObject *self, PyObject *object)
{
    (void)self;
    return PyBool_FromLong(finalizes(object));
}

PyDoc_STRVAR(is_alone_doc, "is_alone()\n--\n\nSay whether there is no other interpreter.");

static PyObject *
is_alone(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(finish_is_alone());
}

PyDoc_STRVAR(finalize_doc, "finalize(objects, kept, /)\n--\n\n"
                           "Call the finalizers of objects, as the garbage collector does, but for those\n"
                           "in the list of what is kept.");

static PyObject *
finalize(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    if (count != 2 || !PyList_Check(arguments[0]) || !PyList_Check(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "two lists are expected");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(arguments[0]); i++) {
        PyObject *object = PyList_GET_ITEM(arguments[0], i);
        bool is_kept = !finalizes(object) || is_running(object);

        for (Py_ssize_t j = 0; j < PyList_GET_SIZE(arguments[1]) && !is_kept; j++) {
            is_kept = PyList_GET_ITEM(arguments[1], j) == object;
        }
        if (!is_kept) {
            PyObject_CallFinalizer(object);
        }
    }
    Py_RETURN_NONE;
}

PyMethodDef finish_methods[] = {
    {"has_finalizer", has_finalizer, METH_O, has_finalizer_doc},
    {"is_alone", is_alone, METH_NOARGS, is_alone_doc},
    {"finalize", (PyCFunction)(void (*)(void))finalize, METH_FASTCALL, finalize_doc},
    {NULL, NULL, 0, NULL},
};
