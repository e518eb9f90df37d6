/* Functions without code. See snapshot/deferred.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/deferred.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/blocks.h"
#include "snapshot/equal_code.h"
#include "snapshot/immortal.h"

/* Declared in an internal header (pycore_function.h). */
PyObject *_PyFunction_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *);

#if PY_VERSION_HEX >= 0x030e0000
/* The same header. A function that never had a version, or has it no more, has one below the first. */
#define VERSION_UNSET 0
#define VERSION_FIRST 2
void _PyFunction_SetVersion(PyFunctionObject *, uint32_t);
#endif

/* A function without code, or the memory where one was. */
struct row {
    const PyFunctionObject *function;
    uint32_t file;
    uint32_t number; /* of its code among those of the file (struct codes) */
};

/* A file with such functions. */
struct file {
    PyObject *path;   /* below the executable */
    PyObject *name;   /* `co_filename` */
    PyObject **codes; /* NULL until the first of them is needed */
    size_t count;
};

/* The code objects of a file: the module's, and behind each those among its constants. */
struct codes {
    PyObject **items;
    size_t count;
    size_t room;
};

static struct row *rows;
static size_t row_count;
static size_t row_room;
static struct file *files;
static size_t file_count;
static PyObject *stand_in;
static PyObject *read_code; /* `_obelisk_payload.code` */
static getter get_code;
static setter set_code;
static PyCFunctionFast get_referents;

static PyObject *call(PyObject *function, PyObject *const *arguments, size_t count, PyObject *names);

static void *
grow(void *block, size_t count, size_t *room, size_t size)
{
    void *grown;

    if (count < *room) {
        return block;
    }
    *room = *room ? *room * 2 : 64;
    grown = PyMem_RawRealloc(block, *room * size);
    if (grown == NULL) {
        PyErr_NoMemory();
    }
    return grown;
}

/* Collect the code objects of a file; false without memory. Their references are borrowed. */
static bool
collect(struct codes *codes, PyObject *code)
{
    PyObject *constants = ((PyCodeObject *)code)->co_consts;
    PyObject **items = grow(codes->items, codes->count, &codes->room, sizeof(code));

    if (items == NULL) {
        return false;
    }
    codes->items = items;
    codes->items[codes->count++] = code;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); i++) {
        PyObject *constant = PyTuple_GET_ITEM(constants, i);
        if (PyCode_Check(constant) && !collect(codes, constant)) {
            return false;
        }
    }
    return true;
}

static bool
is_deferred(const PyFunctionObject *function)
{
    return function->vectorcall == call && function->func_code == stand_in;
}

static int
compare_rows(const void *one, const void *other)
{
    const PyFunctionObject *first = ((const struct row *)one)->function;
    const PyFunctionObject *second = ((const struct row *)other)->function;

    return first < second ? -1 : first > second;
}

/* Read the code of a file, if it was not before. */
static int
read_file(struct file *file)
{
    struct codes codes = {NULL, 0, 0};
    PyObject *module;

    if (file->codes != NULL) {
        return 0;
    }
    module = PyObject_CallOneArg(read_code, file->path);
    if (module == NULL || !PyCode_Check(module)) {
        if (module != NULL) {
            PyErr_Format(PyExc_SystemError, "no bytecode of %U", file->path);
        }
        Py_XDECREF(module);
        return -1;
    }
    if (file->codes != NULL) { /* an audit hook called one of its functions meanwhile */
        Py_DECREF(module);
        return 0;
    }
    if (!collect(&codes, module)) {
        PyMem_RawFree(codes.items);
        Py_DECREF(module);
        return -1;
    }
    for (size_t i = 0; i < codes.count; i++) {
        PyCodeObject *code = (PyCodeObject *)codes.items[i];
        Py_INCREF(code);
        Py_SETREF(code->co_filename, Py_NewRef(file->name));
    }
    Py_DECREF(module);
    file->codes = codes.items;
    file->count = codes.count;
    return 0;
}

static void
give(PyFunctionObject *function, PyObject *code)
{
    function->func_code = Py_NewRef(code); /* what stood in is immortal */
    function->vectorcall = _PyFunction_Vectorcall;
#if PY_VERSION_HEX >= 0x030e0000
    if (function->func_version == VERSION_UNSET && ((PyCodeObject *)code)->co_version >= VERSION_FIRST) {
        _PyFunction_SetVersion(function, ((PyCodeObject *)code)->co_version);
    }
#endif
}

/* Let a function have its code. Nothing of the program runs meanwhile, but for its audit hooks. */
static int
complete(PyFunctionObject *function)
{
    struct row key = {function, 0, 0};
    const struct row *row;
    struct file *file;
    PyCodeObject *code;

    if (!is_deferred(function)) {
        return 0;
    }
    row = bsearch(&key, rows, row_count, sizeof(rows[0]), compare_rows);
    if (row == NULL) {
        PyErr_SetString(PyExc_SystemError, "a function has no code");
        return -1;
    }
    file = &files[row->file];
    if (read_file(file) < 0) {
        return -1;
    }
    code = row->number < file->count ? (PyCodeObject *)file->codes[row->number] : NULL;
    if (code == NULL
        || code->co_nfreevars != (function->func_closure ? PyTuple_GET_SIZE(function->func_closure) : 0)) {
        PyErr_Format(PyExc_SystemError, "other bytecode of %U than in the snapshot", file->path);
        return -1;
    }
    if (is_deferred(function)) {
        give(function, (PyObject *)code);
    }
    return 0;
}

static PyObject *
call(PyObject *callable, PyObject *const *arguments, size_t count, PyObject *names)
{
    PyFunctionObject *function = (PyFunctionObject *)callable;
    int status;

    if (Py_EnterRecursiveCall(" while calling a Python object") != 0) {
        return NULL;
    }
    status = complete(function);
    Py_LeaveRecursiveCall();
    /* If somebody set other code from C, that is called. */
    return status < 0 ? NULL : _PyFunction_Vectorcall(callable, arguments, count, names);
}

/* Whoever looks at a function's code, or changes it. */

static PyObject *
get_completed(PyObject *function, void *closure)
{
    return complete((PyFunctionObject *)function) < 0 ? NULL : get_code(function, closure);
}

static int
set_completed(PyObject *function, PyObject *value, void *closure)
{
    return complete((PyFunctionObject *)function) < 0 ? -1 : set_code(function, value, closure);
}

static PyObject *
referents_of_completed(PyObject *module, PyObject *const *objects, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyFunction_Check(objects[i]) && complete((PyFunctionObject *)objects[i]) < 0) {
            return NULL;
        }
    }
    return get_referents(module, objects, count);
}

PyObject *__real_PyFunction_GetCode(PyObject *);
PyObject *__wrap_PyFunction_GetCode(PyObject *);

PyObject *
__wrap_PyFunction_GetCode(PyObject *function)
{
    if (PyFunction_Check(function) && complete((PyFunctionObject *)function) < 0) {
        return NULL;
    }
    return __real_PyFunction_GetCode(function);
}

static bool
replace_looks(void)
{
    PyObject *collector = PyImport_ImportModule("gc");
    PyObject *function = collector ? PyObject_GetAttrString(collector, "get_referents") : NULL;

    for (PyGetSetDef *one = PyFunction_Type.tp_getset; one->name != NULL; one++) {
        if (strcmp(one->name, "__code__") == 0) {
            get_code = one->get;
            set_code = one->set;
            one->get = get_completed;
            one->set = set_completed;
        }
    }
    if (function != NULL && PyCFunction_CheckExact(function)
        && PyCFunction_GET_FLAGS(function) == METH_FASTCALL) {
        PyMethodDef *method = ((PyCFunctionObject *)function)->m_ml;
        get_referents = (PyCFunctionFast)(void (*)(void))method->ml_meth;
        method->ml_meth = (PyCFunction)(void (*)(void))referents_of_completed;
    }
    Py_XDECREF(function);
    Py_XDECREF(collector);
    return function != NULL;
}

/* Taking. */

/* Only the function itself refers to its code, and neither this process nor a training run executed it. */
static bool
is_unused(PyObject *object)
{
    PyFunctionObject *function = (PyFunctionObject *)object;
    PyCodeObject *code;

    if (!Py_IS_TYPE(object, &PyFunction_Type) || function->vectorcall != _PyFunction_Vectorcall) {
        return false;
    }
    code = (PyCodeObject *)function->func_code;
    return Py_REFCNT(code) == 1 && code->co_extra == NULL && code->co_weakreflist == NULL
           && code->_co_monitoring == NULL && blocks_is_unchanged(code);
}

static bool
take(PyFunctionObject *function, const struct codes *codes)
{
    PyObject *code = function->func_code;
    size_t number = 0;
    struct row *grown;

    while (number < codes->count && !equal_code(code, codes->items[number])) {
        number++;
    }
    if (number == codes->count) {
        return true;
    }
    grown = grow(rows, row_count, &row_room, sizeof(rows[0]));
    if (grown == NULL) {
        return false;
    }
    rows = grown;
    rows[row_count++] = (struct row){function, (uint32_t)file_count, (uint32_t)number};
#if PY_VERSION_HEX >= 0x030e0000
    bool has_version = function->func_version >= VERSION_FIRST;
    PyFunction_SetVectorcall(function, call);
    function->func_version = has_version ? VERSION_UNSET : function->func_version;
#else
    PyFunction_SetVectorcall(function, call);
#endif
    function->func_code = stand_in;
    Py_DECREF(code);
    return true;
}

static bool
add_file(PyObject *path, PyObject *name)
{
    struct file *grown = PyMem_RawRealloc(files, (file_count + 1) * sizeof(files[0]));

    if (grown == NULL) {
        PyErr_NoMemory();
        return false;
    }
    files = grown;
    files[file_count++] = (struct file){Py_NewRef(path), Py_NewRef(name), NULL, 0};
    immortal_set(path);
    immortal_set(name);
    return true;
}

Py_ssize_t
deferred_take(PyObject *functions, PyObject *path, PyObject *module, PyObject *instead)
{
    struct codes codes = {NULL, 0, 0};
    size_t before = row_count;
    bool done = collect(&codes, module);

    if (stand_in == NULL) {
        stand_in = Py_NewRef(instead);
        immortal_set(stand_in);
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(functions) && done; i++) {
        PyObject *function = PyList_GET_ITEM(functions, i);
        done = !is_unused(function) || take((PyFunctionObject *)function, &codes);
    }
    PyMem_RawFree(codes.items);
    if (done && row_count > before) {
        done = add_file(path, ((PyCodeObject *)module)->co_filename);
    }
    return done ? (Py_ssize_t)(row_count - before) : -1;
}

int
deferred_settle(void)
{
    PyObject *payload;

    if (row_count == 0) {
        return 0;
    }
    qsort(rows, row_count, sizeof(rows[0]), compare_rows);
    payload = PyImport_ImportModule("_obelisk_payload");
    read_code = payload ? PyObject_GetAttrString(payload, "code") : NULL;
    Py_XDECREF(payload);
    return read_code != NULL && replace_looks() ? 0 : -1;
}
