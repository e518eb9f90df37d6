/* `_obelisk_payload`: mechanism for the frozen importer, which holds the policy. See module.h. */

#include "module.h"

#include <marshal.h>

#include <stdbool.h>
#include <string.h>

#include "objects.h"
#include "os.h"
#include "settings.h"

static const struct payload *served;
static const char *served_root;
static bool serves_application;

void
module_serve(const struct payload *payload, const char *root, bool is_application)
{
    served = payload;
    served_root = root;
    serves_application = is_application;
}

static void
die_damaged(void)
{
    os_die(OS_EXIT_DAMAGED, "this executable is damaged: a part of it is not as it was built");
}

/* A name that is not found may be one that damage hides: then the whole index is looked at, once. */
static void
check_index_once(void)
{
    static bool checked;

    if (checked) {
        return;
    }
    if (!payload_index_intact(served)) {
        die_damaged();
    }
    checked = true;
}

static const struct payload_record *
find_module(PyObject *name)
{
    const struct payload_record *record;
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(name, &size);

    if (text == NULL) {
        PyErr_Clear(); /* a name with lone surrogates is no module of ours */
        return NULL;
    }
    record = payload_find(served, &served->modules, text, (size_t)size);
    if (record == NULL) {
        check_index_once();
    }
    return record;
}

PyDoc_STRVAR(find_doc, "find(name, /)\n--\n\n"
                       "Return the kind of a module (0 module, 1 package, 2 namespace,\n"
                       "5 extension module), or -1.");

static PyObject *
find(PyObject *self, PyObject *name)
{
    const struct payload_record *record;

    (void)self;
    if (!PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "a module's name is a str");
        return NULL;
    }
    record = find_module(name);
    return PyLong_FromLong(record ? record->kind : -1);
}

static PyObject *
unmarshal(const struct payload_record *record)
{
    PyObject *code;
    void *expanded;

    if (!record->compressed) {
        return PyMarshal_ReadObjectFromString((const char *)payload_bytes(served, record),
                                              (Py_ssize_t)record->stored);
    }
    expanded = PyMem_Malloc(record->size);
    if (expanded == NULL) {
        return PyErr_NoMemory();
    }
    if (!payload_expand(served, record, expanded)) {
        die_damaged();
    }
    code = PyMarshal_ReadObjectFromString(expanded, (Py_ssize_t)record->size);
    PyMem_Free(expanded);
    return code;
}

PyDoc_STRVAR(code_doc, "code(name, /)\n--\n\nReturn a module's code object, or None.");

static PyObject *
code(PyObject *self, PyObject *name)
{
    const struct payload_record *record;

    (void)self;
    record = PyUnicode_Check(name) ? find_module(name) : NULL;
    if (record == NULL || record->kind > PAYLOAD_PACKAGE || record->size == 0) {
        Py_RETURN_NONE;
    }
    if (!payload_intact(served, record)) {
        die_damaged();
    }
    return unmarshal(record);
}

PyDoc_STRVAR(extension_doc, "extension(name, /)\n--\n\n"
                            "Return the path below the executable of an extension module, or None.");

static PyObject *
extension(PyObject *self, PyObject *name)
{
    const struct payload_record *record;

    (void)self;
    record = PyUnicode_Check(name) ? find_module(name) : NULL;
    if (record == NULL || record->kind != PAYLOAD_EXTENSION) {
        Py_RETURN_NONE;
    }
    if (!payload_intact(served, record)) {
        die_damaged();
    }
    return PyUnicode_DecodeUTF8((const char *)payload_bytes(served, record),
                                (Py_ssize_t)record->stored, "strict");
}

PyDoc_STRVAR(library_doc, "library(start, /)\n--\n\n"
                          "Return the file name of a linked library that begins so, or None.");

static PyObject *
library(PyObject *self, PyObject *start)
{
    const char *text = PyUnicode_AsUTF8(start);
    const char *found;

    (void)self;
    if (text == NULL) {
        return NULL;
    }
    found = objects_named(text);
    if (found == NULL) {
        Py_RETURN_NONE;
    }
    return PyUnicode_DecodeFSDefault(found);
}

PyDoc_STRVAR(setting_doc, "setting(name, /)\n--\n\n"
                          "Return the value of a setting of the interpreter, or None.");

static PyObject *
setting(PyObject *self, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    const char *value = text ? settings_get(text) : NULL;

    (void)self;
    if (value != NULL) {
        return PyUnicode_DecodeUTF8(value, (Py_ssize_t)strlen(value), "strict");
    }
    if (text == NULL) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Append the modules directly below `prefix`, which ends in a dot unless it is empty. */
static int
append_children(PyObject *list, const char *prefix, size_t size)
{
    const struct payload_index *modules = &served->modules;
    uint32_t place = payload_lower_bound(served, modules, prefix, size);

    for (; place < modules->count; place++) {
        const struct payload_record *record = &modules->records[place];
        const char *name = payload_name(served, record);
        size_t length = record->name_size;
        PyObject *item;
        int status;

        if (length <= size || memcmp(name, prefix, size) != 0) {
            break;
        }
        if (memchr(name + size, '.', length - size) != NULL) {
            continue;
        }
        item = Py_BuildValue("(s#i)", name + size, (Py_ssize_t)(length - size), record->kind);
        if (item == NULL) {
            return -1;
        }
        status = PyList_Append(list, item);
        Py_DECREF(item);
        if (status < 0) {
            return -1;
        }
    }
    return 0;
}

PyDoc_STRVAR(children_doc, "children(prefix, /)\n--\n\n"
                           "Return [(name, kind)] of the modules directly below a dotted prefix.");

static PyObject *
children(PyObject *self, PyObject *prefix)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(prefix, &size);
    PyObject *list;

    (void)self;
    if (text == NULL) {
        return NULL;
    }
    list = PyList_New(0);
    if (list != NULL && append_children(list, text, (size_t)size) < 0) {
        Py_CLEAR(list);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"find", find, METH_O, find_doc},
    {"code", code, METH_O, code_doc},
    {"extension", extension, METH_O, extension_doc},
    {"library", library, METH_O, library_doc},
    {"setting", setting, METH_O, setting_doc},
    {"children", children, METH_O, children_doc},
    {NULL, NULL, 0, NULL},
};

static int
add_constants(PyObject *module)
{
    PyObject *root = PyUnicode_DecodeFSDefault(served_root);
    PyObject *entry = PyUnicode_DecodeUTF8(served->entry, served->entry_size, "strict");
    int status = -1;

    if (root != NULL && entry != NULL) {
        bool failed = PyModule_AddObjectRef(module, "root", root) < 0
                      || PyModule_AddObjectRef(module, "entry", entry) < 0
                      || PyModule_AddIntConstant(module, "is_application", serves_application) < 0;
        status = failed ? -1 : 0;
    }
    Py_XDECREF(root);
    Py_XDECREF(entry);
    return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)add_constants},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_obelisk_payload",
    .m_doc = "The modules inside this executable.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
module_init(void)
{
    return PyModuleDef_Init(&definition);
}
