/* Functions without code. See snapshot/deferred.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/deferred.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/audit.h"

#define ALIGNMENT 8 /* of functions */

struct deferred deferred;

static size_t completed;

void *
deferred_grow(void *block, size_t count, size_t *room, size_t size)
{
    void *grown;

    if (count < *room) {
        return block;
    }
    *room = *room ? *room * 2 : 64;
    grown = PyMem_Realloc(block, *room * size);
    if (grown == NULL) {
        PyErr_NoMemory();
    }
    return grown;
}

bool
deferred_collect(struct deferred_codes *codes, PyObject *code)
{
    PyObject *constants = ((PyCodeObject *)code)->co_consts;
    PyObject **items = deferred_grow(codes->items, codes->count, &codes->room, sizeof(code));

    if (items == NULL) {
        return false;
    }
    codes->items = items;
    codes->items[codes->count++] = code;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); i++) {
        PyObject *constant = PyTuple_GET_ITEM(constants, i);
        if (PyCode_Check(constant) && !deferred_collect(codes, constant)) {
            return false;
        }
    }
    return true;
}

bool
deferred_is(const PyFunctionObject *function)
{
    return function->vectorcall == deferred_call && function->func_code == deferred.stand_in;
}

uint32_t
deferred_place(const PyFunctionObject *function)
{
    uintptr_t distance = ((uintptr_t)function - deferred.base) / ALIGNMENT;

    return distance <= UINT32_MAX ? (uint32_t)distance : 0;
}

int
deferred_compare(const void *one, const void *other)
{
    uint32_t first = ((const struct deferred_row *)one)->place;
    uint32_t second = ((const struct deferred_row *)other)->place;

    return first < second ? -1 : first > second;
}

/* Read the code of a file, if it was not before. */
static int
read_file(struct deferred_file *file)
{
    struct deferred_codes codes = {NULL, 0, 0};
    PyObject *module;
    PyObject *hooks;

    if (file->codes.items != NULL) {
        return 0;
    }
    hooks = audit_hide(); /* they may be of this file */
    module = PyObject_CallOneArg(file->read_code, file->path);
    audit_show(hooks);
    if (module == NULL || !PyCode_Check(module)) {
        if (module != NULL) {
            PyErr_Format(PyExc_SystemError, "no bytecode of %U", file->path);
        }
        Py_XDECREF(module);
        return -1;
    }
    if (file->codes.items != NULL) { /* a finalizer called one of its functions meanwhile */
        Py_DECREF(module);
        return 0;
    }
    if (!deferred_collect(&codes, module)) {
        PyMem_Free(codes.items);
        Py_DECREF(module);
        return -1;
    }
    for (size_t i = 0; i < codes.count; i++) {
        PyCodeObject *code = (PyCodeObject *)codes.items[i];
        Py_INCREF(code);
        Py_SETREF(code->co_filename, Py_NewRef(file->name));
    }
    Py_DECREF(module);
    file->codes = codes;
    return 0;
}

PyObject *
deferred_text(void)
{
    return ((PyCodeObject *)deferred.stand_in)->co_qualname;
}

/* What stood in is immortal. */
static void
give(PyFunctionObject *function, PyObject *object)
{
    PyCodeObject *code = (PyCodeObject *)object;

    function->func_code = Py_NewRef(object);
    if (function->func_qualname == deferred_text()) {
        function->func_qualname = Py_NewRef(code->co_qualname);
    }
    if (function->func_doc == deferred_text()) {
        function->func_doc = Py_NewRef(PyTuple_GET_ITEM(code->co_consts, 0));
    }
    function->vectorcall = _PyFunction_Vectorcall;
    completed++;
    if (function->func_version < DEFERRED_VERSION_FIRST && code->co_version >= DEFERRED_VERSION_FIRST) {
        _PyFunction_SetVersion(function, code->co_version);
    }
}

int
deferred_complete(PyFunctionObject *function)
{
    struct deferred_row key = {deferred_place(function), 0, 0};
    const struct deferred_row *row;
    struct deferred_file *file;
    PyCodeObject *code;

    if (!deferred_is(function)) {
        return 0;
    }
    row = bsearch(&key, deferred.rows, deferred.count, sizeof(key), deferred_compare);
    if (row == NULL) {
        PyErr_SetString(PyExc_SystemError, "a function has no code");
        return -1;
    }
    file = &deferred.files[row->file];
    if (read_file(file) < 0) {
        return -1;
    }
    code = row->number < file->codes.count ? (PyCodeObject *)file->codes.items[row->number] : NULL;
    if (code == NULL
        || code->co_nfreevars != (function->func_closure ? PyTuple_GET_SIZE(function->func_closure) : 0)) {
        PyErr_Format(PyExc_SystemError, "other bytecode of %U than in the snapshot", file->path);
        return -1;
    }
    if (deferred_is(function)) {
        give(function, (PyObject *)code);
    }
    return 0;
}

PyObject *
deferred_call(PyObject *callable, PyObject *const *arguments, size_t count, PyObject *names)
{
    PyFunctionObject *function = (PyFunctionObject *)callable;
    int status;

    if (Py_EnterRecursiveCall(" while calling a Python object") != 0) {
        return NULL;
    }
    status = deferred_complete(function);
    Py_LeaveRecursiveCall();
    /* If somebody set other code from C, that is called. */
    return status < 0 ? NULL : _PyFunction_Vectorcall(callable, arguments, count, names);
}

size_t
deferred_completed(void)
{
    return completed;
}
