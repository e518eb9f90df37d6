/* Equal code. See snapshot/equal_code.h. Python's own comparison leaves fields out. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/equal_code.h"

#include <string.h>

static bool equal_constant(PyObject *one, PyObject *other);

static bool
equal(PyObject *one, PyObject *other)
{
    int found = PyObject_RichCompareBool(one, other, Py_EQ);

    PyErr_Clear();
    return found == 1;
}

static bool
equal_tuple(PyObject *one, PyObject *other)
{
    if (PyTuple_GET_SIZE(one) != PyTuple_GET_SIZE(other)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(one); i++) {
        if (!equal_constant(PyTuple_GET_ITEM(one, i), PyTuple_GET_ITEM(other, i))) {
            return false;
        }
    }
    return true;
}

/* Of sets only those of texts, which equal nothing else: 1 equals 1.0 and True. */
static bool
equal_set(PyObject *one, PyObject *other)
{
    PyObject *items = PySequence_List(one);
    bool are_texts = items != NULL;

    for (Py_ssize_t i = 0; are_texts && i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        are_texts = PyUnicode_CheckExact(item) || PyBytes_CheckExact(item) || item == Py_None;
    }
    Py_XDECREF(items);
    PyErr_Clear();
    return are_texts && equal(one, other);
}

static bool
equal_constant(PyObject *one, PyObject *other)
{
    if (one == other) {
        return true;
    }
    if (Py_TYPE(one) != Py_TYPE(other)) {
        return false;
    }
    if (PyCode_Check(one)) {
        return equal_code(one, other);
    }
    if (PyTuple_CheckExact(one)) {
        return equal_tuple(one, other);
    }
    if (PyFrozenSet_CheckExact(one)) {
        return equal_set(one, other);
    }
    if (PyFloat_CheckExact(one)) { /* -0.0 equals 0.0 */
        double first = PyFloat_AS_DOUBLE(one);
        double second = PyFloat_AS_DOUBLE(other);
        return memcmp(&first, &second, sizeof(first)) == 0;
    }
    if (PyComplex_CheckExact(one)) {
        Py_complex first = PyComplex_AsCComplex(one);
        Py_complex second = PyComplex_AsCComplex(other);
        return memcmp(&first, &second, sizeof(first)) == 0;
    }
    if (PySlice_Check(one)) {
        PySliceObject *first = (PySliceObject *)one;
        PySliceObject *second = (PySliceObject *)other;
        return equal_constant(first->start, second->start) && equal_constant(first->stop, second->stop)
               && equal_constant(first->step, second->step);
    }
    return (PyUnicode_CheckExact(one) || PyBytes_CheckExact(one) || PyLong_CheckExact(one))
           && equal(one, other);
}

static bool
equal_numbers(const PyCodeObject *one, const PyCodeObject *other)
{
    return one->co_firstlineno == other->co_firstlineno && one->co_flags == other->co_flags
           && one->co_argcount == other->co_argcount && one->co_posonlyargcount == other->co_posonlyargcount
           && one->co_kwonlyargcount == other->co_kwonlyargcount
           && one->co_stacksize == other->co_stacksize && one->co_nlocalsplus == other->co_nlocalsplus
           && one->co_framesize == other->co_framesize && one->co_nlocals == other->co_nlocals
           && one->co_ncellvars == other->co_ncellvars && one->co_nfreevars == other->co_nfreevars
           && one->_co_firsttraceable == other->_co_firsttraceable && Py_SIZE(one) == Py_SIZE(other);
}

bool
equal_code(PyObject *first, PyObject *second)
{
    const PyCodeObject *one = (const PyCodeObject *)first;
    const PyCodeObject *other = (const PyCodeObject *)second;

    /* What the last of these compares is also the instructions, as they were compiled. */
    return equal_numbers(one, other)
           && equal(one->co_name, other->co_name) && equal(one->co_qualname, other->co_qualname)
           && equal(one->co_filename, other->co_filename) && equal(one->co_linetable, other->co_linetable)
           && equal(one->co_exceptiontable, other->co_exceptiontable)
           && equal(one->co_localspluskinds, other->co_localspluskinds)
           && equal(one->co_localsplusnames, other->co_localsplusnames)
           && equal(one->co_names, other->co_names) && equal_tuple(one->co_consts, other->co_consts)
           && equal(first, second);
}
