/* What `_snapshot` has for the end of a process that goes on from a snapshot. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/finish.h"

#include <string.h>

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

/* Return the type in C that an object is of, or is derived from; `python` is a class in Python. */
static PyTypeObject *
type_in_c(PyObject *object, const PyTypeObject *python)
{
    PyTypeObject *type = Py_TYPE(object);

    while (type->tp_base != NULL && type->tp_dealloc == python->tp_dealloc) {
        type = type->tp_base;
    }
    return type;
}

/* Modules of the standard library with objects that write to files when they go. */
static bool
is_of_files(const char *module, size_t size)
{
    static const char *const names[] = {"sqlite3", "_dbm", "_gdbm"};
    bool found = false;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        found = found || (strlen(names[i]) == size && memcmp(names[i], module, size) == 0);
    }
    return found;
}

/* Say whether it is unknown what happens when an object of a type goes. Types of Python itself have no dot. */
static bool
is_foreign(const PyTypeObject *type, PyObject *stdlib)
{
    const char *dot = strchr(type->tp_name, '.');
    size_t size = dot ? (size_t)(dot - type->tp_name) : 0;
    PyObject *module;
    bool is_known;

    if (dot == NULL) {
        return false;
    }
    if (is_of_files(type->tp_name, size)) {
        return true;
    }
    module = PyUnicode_FromStringAndSize(type->tp_name, (Py_ssize_t)size);
    is_known = module != NULL && PySet_Contains(stdlib, module) == 1;
    Py_XDECREF(module);
    return !is_known;
}

PyDoc_STRVAR(needs_end_doc, "needs_end(objects, stdlib, python, /)\n--\n\n"
                            "Say whether there are objects of native code that is not the standard library's,\n"
                            "of which `stdlib` has the modules: these may have to write when they go.\n"
                            "`python` is a class in Python.");

static PyObject *
needs_end(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    const PyTypeObject *known = NULL;
    bool found = false;

    (void)self;
    if (count != 3 || !PyList_Check(arguments[0]) || !PyAnySet_Check(arguments[1])
        || !PyType_Check(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "a list, a set and a class are expected");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(arguments[0]) && !found; i++) {
        const PyTypeObject *type =
            type_in_c(PyList_GET_ITEM(arguments[0], i), (PyTypeObject *)arguments[2]);

        if (type != known) {
            found = is_foreign(type, arguments[1]);
            known = type;
        }
    }
    PyErr_Clear();
    return PyBool_FromLong(found);
}

PyMethodDef finish_methods[] = {
    {"has_finalizer", has_finalizer, METH_O, has_finalizer_doc},
    {"is_alone", is_alone, METH_NOARGS, is_alone_doc},
    {"finalize", (PyCFunction)(void (*)(void))finalize, METH_FASTCALL, finalize_doc},
    {"needs_end", (PyCFunction)(void (*)(void))needs_end, METH_FASTCALL, needs_end_doc},
    {NULL, NULL, 0, NULL},
};
