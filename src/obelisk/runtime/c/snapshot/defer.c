/* Taking the code from functions. See snapshot/defer.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/defer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/blocks.h"
#include "snapshot/deferred.h"
#include "snapshot/equal_code.h"
#include "snapshot/immortal.h"

static size_t row_room;
static size_t file_room;

/* Only the function itself refers to its code, and neither this process nor a training run executed it. One
   that has no version is to have none: CPython takes it from a function that was changed. */
static bool
is_unused(PyObject *object)
{
    PyFunctionObject *function = (PyFunctionObject *)object;
    PyCodeObject *code;

    if (!Py_IS_TYPE(object, &PyFunction_Type) || function->vectorcall != _PyFunction_Vectorcall
        || function->func_version < DEFERRED_VERSION_FIRST) {
        return false;
    }
    code = (PyCodeObject *)function->func_code;
    return Py_REFCNT(code) == 1 && code->co_extra == NULL && code->co_weakreflist == NULL
           && code->_co_monitoring == NULL && blocks_is_unchanged(code);
}

/* Take a text from a function that its code has as well. */
static void
take_text(PyObject **field, PyObject *of_code)
{
    if (*field == of_code && PyUnicode_CheckExact(of_code)) {
        Py_SETREF(*field, deferred_text());
    }
}

static bool
take(PyFunctionObject *function, const struct deferred_codes *codes)
{
    PyObject *code = function->func_code;
    size_t number = 0;
    struct deferred_row *grown;

    if (deferred.base == 0) {
        deferred.base = blocks_start();
    }
    while (number < codes->count && !equal_code(code, codes->items[number])) {
        number++;
    }
    if (number == codes->count || number > UINT16_MAX || deferred.file_count > UINT16_MAX
        || deferred_place(function) == 0) {
        return true;
    }
    grown = deferred_grow(deferred.rows, deferred.count, &row_room, sizeof(deferred.rows[0]));
    if (grown == NULL) {
        return false;
    }
    deferred.rows = grown;
    deferred.rows[deferred.count++] = (struct deferred_row){
        deferred_place(function), (uint16_t)deferred.file_count, (uint16_t)number};
    PyFunction_SetVectorcall(function, deferred_call); /* which takes its version */
    function->func_version = DEFERRED_VERSION_UNSET;
    take_text(&function->func_qualname, ((PyCodeObject *)code)->co_qualname);
    if (PyTuple_GET_SIZE(((PyCodeObject *)code)->co_consts) > 0) {
        take_text(&function->func_doc, PyTuple_GET_ITEM(((PyCodeObject *)code)->co_consts, 0));
    }
    function->func_code = deferred.stand_in;
    Py_DECREF(code);
    return true;
}

static bool
add_file(PyObject *path, PyObject *name)
{
    struct deferred_file *grown =
        deferred_grow(deferred.files, deferred.file_count, &file_room, sizeof(*grown));

    if (grown == NULL) {
        return false;
    }
    deferred.files = grown;
    deferred.files[deferred.file_count++] =
        (struct deferred_file){Py_NewRef(path), Py_NewRef(name), {NULL, 0, 0}};
    immortal_set(path);
    immortal_set(name);
    return true;
}

Py_ssize_t
defer_take(PyObject *functions, PyObject *path, PyObject *module, PyObject *stand_in)
{
    struct deferred_codes codes = {NULL, 0, 0};
    size_t before = deferred.count;
    bool done = deferred_collect(&codes, module);

    if (deferred.stand_in == NULL) {
        deferred.stand_in = Py_NewRef(stand_in);
        immortal_set(deferred.stand_in);
        immortal_set(deferred_text());
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(functions) && done; i++) {
        PyObject *function = PyList_GET_ITEM(functions, i);
        done = !is_unused(function) || take((PyFunctionObject *)function, &codes);
    }
    PyMem_Free(codes.items);
    if (done && deferred.count > before) {
        done = add_file(path, ((PyCodeObject *)module)->co_filename);
    }
    return done ? (Py_ssize_t)(deferred.count - before) : -1;
}

/* Return as much memory as is needed, with what it held; the rest is not stored. */
static void *
fit(void *block, size_t size)
{
    void *fitting = PyMem_Malloc(size);

    if (fitting == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(fitting, block, size);
    PyMem_Free(block);
    return fitting;
}

/* Instructions that are specialised for making an object of a class enter its `__init__`. There are none if
   that was never executed: this is for the case that something is not as it was. */
static void
renew_classes(PyObject *objects)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
        PyTypeObject *type = (PyTypeObject *)PyList_GET_ITEM(objects, i);
        PyObject *made;

        if (!PyType_Check((PyObject *)type) || !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            continue;
        }
        made = ((PyHeapTypeObject *)type)->_spec_cache.init;
        if (made != NULL && deferred_is((PyFunctionObject *)made)) {
            PyType_Modified(type);
        }
    }
}

int
defer_end(PyObject *objects, PyObject *referents, PyObject *read_code)
{
    if (deferred.count == 0) {
        return 0;
    }
    qsort(deferred.rows, deferred.count, sizeof(deferred.rows[0]), deferred_compare);
    deferred.rows = fit(deferred.rows, deferred.count * sizeof(deferred.rows[0]));
    deferred.files = fit(deferred.files, deferred.file_count * sizeof(deferred.files[0]));
    if (deferred.rows == NULL || deferred.files == NULL) {
        return -1;
    }
    renew_classes(objects);
    deferred.read_code = Py_NewRef(read_code);
    return deferred_replace_looks(referents);
}
