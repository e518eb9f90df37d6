/* What kinds of blocks there are. See snapshot/kinds.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/kinds.h"

#include <Python.h>

#define GC_HEAD 16 /* bytes in front of an object that the garbage collector knows */

static bool
has_type(const struct block *block, size_t head, const PyTypeObject *type)
{
    PyObject *object = (PyObject *)(block->address + head);

    return places_size(block) >= head + sizeof(*object) && Py_TYPE(object) == type;
}

/* Say whether a block is an object of a kind that is all pointers, small numbers and bytes. */
static bool
is_dense(const struct block *block)
{
    static const PyTypeObject *const kinds[] = {&PyUnicode_Type, &PyBytes_Type, &PyCode_Type, &PyLong_Type};
    static const PyTypeObject *const tracked[] = {
        &PyTuple_Type,       &PyFunction_Type,   &PyCell_Type,         &PyDict_Type,
        &PyList_Type,        &PyType_Type,       &PySet_Type,          &PyFrozenSet_Type,
        &PyProperty_Type,    &PyCFunction_Type,  &PyModule_Type,       &PyGetSetDescr_Type,
        &PyMemberDescr_Type, &PyMethodDescr_Type, &PyWrapperDescr_Type, &_PyWeakref_RefType,
    };
    bool is_one = false;

    for (size_t i = 0; i < Py_ARRAY_LENGTH(kinds); i++) {
        is_one = is_one || has_type(block, 0, kinds[i]);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(tracked); i++) {
        is_one = is_one || has_type(block, GC_HEAD, tracked[i]);
    }
    return is_one && (block->size & PLACES_OBJECT) != 0;
}

uint32_t
kinds_of(const struct block *block)
{
    bool is_code = (block->size & PLACES_OBJECT) != 0 && has_type(block, 0, &PyCode_Type);

    return (is_dense(block) ? KINDS_DENSE : 0) | (is_code ? KINDS_CODE : 0);
}
