/* Objects that live as long as the process: to use them writes nothing. See snapshot/immortal.h.

   Whatever is in the snapshot would otherwise be copied, page by page, as soon as somebody takes a reference.
   Only kinds are chosen whose end no program sees: not those with `__del__`, or of which there may be
   weak references with callbacks. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/immortal.h"

#include <stdbool.h>

static size_t make_code(PyObject *object);
static size_t make_fields(PyCodeObject *code);

void
immortal_set(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030e0000
    object->ob_refcnt = (uint32_t)_Py_IMMORTAL_INITIAL_REFCNT;
    object->ob_flags |= _Py_IMMORTAL_FLAGS;
#else
    object->ob_refcnt = _Py_IMMORTAL_REFCNT;
#endif
}

static bool
is_immortal(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030e0000
    return PyUnstable_IsImmortal(object) != 0;
#else
    return _Py_IsImmortal(object) != 0;
#endif
}

static size_t
make(PyObject *object)
{
    if (object == NULL || is_immortal(object)) {
        return 0;
    }
    immortal_set(object);
    return 1;
}

/* What no program can ask for the end of. */
static bool
is_plain(PyObject *object)
{
    return PyUnicode_CheckExact(object) || PyBytes_CheckExact(object) || PyLong_CheckExact(object)
           || PyFloat_CheckExact(object) || PyComplex_CheckExact(object);
}

/* Texts and bytes keep their hash as soon as somebody asks for it. */
static void
keep_hash(PyObject *object)
{
    if (object != NULL && (PyUnicode_CheckExact(object) || PyBytes_CheckExact(object))) {
        PyObject_Hash(object);
    }
}

/* There is one object of each text and bytes of a single character. */
static void
keep_hashes_of_characters(void)
{
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        PyObject *const characters[] = {PyUnicode_FromOrdinal(i), PyBytes_FromStringAndSize(&byte, 1)};

        for (int j = 0; j < 2; j++) {
            keep_hash(characters[j]);
            Py_XDECREF(characters[j]);
        }
    }
    PyErr_Clear();
}

static int
visit(PyObject *object, void *count)
{
    keep_hash(object);
    if (object != NULL && PyCode_Check(object)) {
        *(size_t *)count += make_code(object);
    }
    else if (object != NULL && is_plain(object)) {
        *(size_t *)count += make(object);
    }
    return 0;
}

static size_t
make_code(PyObject *object)
{
    size_t count = make(object);

    return count ? count + make_fields((PyCodeObject *)object) : 0;
}

static size_t
make_fields(PyCodeObject *code)
{
    PyObject *const fields[] = {
        code->co_consts,   code->co_names, code->co_exceptiontable, code->co_localsplusnames,
        code->co_filename, code->co_name,  code->co_localspluskinds, code->co_qualname,
        code->co_linetable,
    };
    size_t count = 0;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        count += make(fields[i]);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *constant = PyTuple_GET_ITEM(code->co_consts, i);
        count += PyCode_Check(constant) ? make_code(constant) : make(constant);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_names); i++) {
        count += make(PyTuple_GET_ITEM(code->co_names, i));
    }
    return count;
}

/* Functions and classes of modules are there until the end, and so is what describes them. Not what holds
   objects of the program: a closure, the method of an object. */
static bool
is_lasting(PyObject *object)
{
    if (PyFunction_Check(object)) {
        return PyFunction_GET_CLOSURE(object) == NULL;
    }
    if (PyCFunction_Check(object)) {
        PyObject *self = PyCFunction_GET_SELF(object);
        return self == NULL || PyModule_Check(self);
    }
    return PyType_Check(object) || PyModule_Check(object) || Py_IS_TYPE(object, &PyMethodDescr_Type)
           || Py_IS_TYPE(object, &PyWrapperDescr_Type) || Py_IS_TYPE(object, &PyProperty_Type)
           || Py_IS_TYPE(object, &PyGetSetDescr_Type);
}

/* What belongs to one of these alone. */
static size_t
make_parts(PyObject *object)
{
    PyTypeObject *type = (PyTypeObject *)object;

    if (PyFunction_Check(object)) {
        return make_code(PyFunction_GET_CODE(object));
    }
    if (PyModule_Check(object)) {
        return make(PyModule_GetDict(object));
    }
    if (PyType_Check(object)) {
        return make(type->tp_dict) + make(type->tp_mro) + make(type->tp_bases);
    }
    return 0;
}

size_t
immortal_make(PyObject *list)
{
    size_t count = 0;

    keep_hashes_of_characters();
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *object = PyList_GET_ITEM(list, i);
        traverseproc traverse = Py_TYPE(object)->tp_traverse;

        if (traverse != NULL) {
            traverse(object, visit, &count);
        }
        if (is_lasting(object)) {
            count += make(object) + make_parts(object);
        }
    }
    return count;
}
