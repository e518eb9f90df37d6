/* Taking the code from functions. See snapshot/defer.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/defer.h"

#include <opcode_ids.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/blocks.h"
#include "snapshot/deferred.h"
#include "snapshot/equal_code.h"
#include "snapshot/immortal.h"

#define UNIT 2 /* bytes of an instruction (`_Py_CODEUNIT`) */

static size_t row_room;
static size_t file_room;

/* The `__init__` functions that specialised instructions enter, by address. */
static PyObject **entered;
static size_t entered_count;
static size_t entered_room;

static int
compare_entered(const void *one, const void *other)
{
    const PyObject *first = *(PyObject *const *)one;
    const PyObject *second = *(PyObject *const *)other;

    return first < second ? -1 : first > second;
}

bool
defer_leave_entered(PyObject *objects)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
        PyObject *object = PyList_GET_ITEM(objects, i);
        PyObject **grown;

        if (!PyType_Check(object) || !PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE)
            || ((PyHeapTypeObject *)object)->_spec_cache.init == NULL) {
            continue;
        }
        grown = deferred_grow(entered, entered_count, &entered_room, sizeof(object));
        if (grown == NULL) {
            return false;
        }
        entered = grown;
        entered[entered_count++] = ((PyHeapTypeObject *)object)->_spec_cache.init;
    }
    if (entered_count > 0) {
        qsort(entered, entered_count, sizeof(entered[0]), compare_entered);
    }
    return true;
}

static bool
is_entered(PyObject *function)
{
    return entered_count > 0
           && bsearch(&function, entered, entered_count, sizeof(entered[0]), compare_entered) != NULL;
}

void
defer_mark(PyObject *objects)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
        PyObject *object = PyList_GET_ITEM(objects, i);
        uint8_t *instruction;
        PyCodeObject *code;

        if (!PyFunction_Check(object)) {
            continue;
        }
        code = (PyCodeObject *)PyFunction_GET_CODE(object);
        instruction = (uint8_t *)code->co_code_adaptive + code->_co_firsttraceable * UNIT;
        if (*instruction == RESUME_CHECK) {
            *instruction = RESUME;
        }
    }
}

/* Only the function itself refers to its code, and no training run executed it. One that has no version is to
   have none: CPython takes it from a function that was changed. */
static bool
is_unused(PyObject *object)
{
    PyFunctionObject *function = (PyFunctionObject *)object;
    PyCodeObject *code;

    if (!Py_IS_TYPE(object, &PyFunction_Type) || function->vectorcall != _PyFunction_Vectorcall
        || function->func_version < DEFERRED_VERSION_FIRST || is_entered(object)) {
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
add_file(PyObject *read_code, PyObject *path, PyObject *name)
{
    struct deferred_file *grown =
        deferred_grow(deferred.files, deferred.file_count, &file_room, sizeof(*grown));

    if (grown == NULL) {
        return false;
    }
    deferred.files = grown;
    deferred.files[deferred.file_count++] =
        (struct deferred_file){Py_NewRef(read_code), Py_NewRef(path), Py_NewRef(name), {NULL, 0, 0}};
    immortal_set(path);
    immortal_set(name);
    return true;
}

Py_ssize_t
defer_take(PyObject *functions, PyObject *read_code, PyObject *path, PyObject *module, PyObject *stand_in)
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
        done = add_file(read_code, path, ((PyCodeObject *)module)->co_filename);
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

int
defer_end(PyObject *referents)
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
    PyMem_Free(entered);
    entered = NULL;
    entered_count = entered_room = 0;
    return deferred_replace_looks(referents);
}
