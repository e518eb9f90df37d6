/* `_obelisk_payload`: mechanism for the frozen importer, which holds the policy. See module.h. */

#include "module.h"

#include <marshal.h>

#include <stdbool.h>
#include <string.h>

#include "objects.h"
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

static const struct payload_record *
find_module(PyObject *name)
{
    Py_ssize_t size;
    struct payload_span key = {PyUnicode_AsUTF8AndSize(name, &size), 0};

    if (key.start == NULL) {
        PyErr_Clear(); /* a name with lone surrogates is no module of ours */
        return NULL;
    }
    key.size = (size_t)size;
    return payload_find(served, PAYLOAD_MODULES, key);
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
    struct payload_span bytes;
    PyObject *code;
    void *expanded;

    if (!record->compressed) {
        bytes = payload_stored(served, record);
        return PyMarshal_ReadObjectFromString(bytes.start, (Py_ssize_t)bytes.size);
    }
    expanded = PyMem_Malloc(record->size);
    if (expanded == NULL || payload_expand(served, record, expanded) != 0) {
        PyMem_Free(expanded);
        return PyErr_NoMemory();
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
    return unmarshal(record);
}

PyDoc_STRVAR(extension_doc, "extension(name, /)\n--\n\n"
                            "Return the path below the executable of an extension module, or None.");

static PyObject *
extension(PyObject *self, PyObject *name)
{
    const struct payload_record *record;
    struct payload_span path;

    (void)self;
    record = PyUnicode_Check(name) ? find_module(name) : NULL;
    if (record == NULL || record->kind != PAYLOAD_EXTENSION) {
        Py_RETURN_NONE;
    }
    path = payload_stored(served, record);
    return PyUnicode_DecodeUTF8(path.start, (Py_ssize_t)path.size, "strict");
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

static int
append_child(PyObject *list, struct payload_span name, int kind)
{
    PyObject *item = Py_BuildValue("(s#i)", name.start, (Py_ssize_t)name.size, kind);
    int status = item ? PyList_Append(list, item) : -1;

    Py_XDECREF(item);
    return status;
}

/* Append the modules directly below `prefix`, which ends in a dot unless it is empty. */
static int
append_children(PyObject *list, struct payload_span prefix)
{
    uint32_t place = payload_lower_bound(served, PAYLOAD_MODULES, prefix);

    for (; place < payload_count(served, PAYLOAD_MODULES); place++) {
        const struct payload_record *record = payload_at(served, PAYLOAD_MODULES, place);
        struct payload_span name = payload_name(served, record);

        if (name.size <= prefix.size || memcmp(name.start, prefix.start, prefix.size) != 0) {
            break;
        }
        name.start += prefix.size;
        name.size -= prefix.size;
        if (memchr(name.start, '.', name.size) == NULL
            && append_child(list, name, record->kind) < 0) {
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
    struct payload_span below = {PyUnicode_AsUTF8AndSize(prefix, &size), 0};
    PyObject *list;

    (void)self;
    if (below.start == NULL) {
        return NULL;
    }
    below.size = (size_t)size;
    list = PyList_New(0);
    if (list != NULL && append_children(list, below) < 0) {
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

/* Return the name of the module to run. */
static PyObject *
entry_name(void)
{
    const struct payload_span key = {"entry", 5};
    const struct payload_record *record = payload_find(served, PAYLOAD_CONTROLS, key);
    struct payload_span name;

    if (record == NULL) {
        served->damaged("missing record", key);
    }
    name = payload_stored(served, record);
    return PyUnicode_DecodeUTF8(name.start, (Py_ssize_t)name.size, "strict");
}

static int
add_constants(PyObject *module)
{
    PyObject *root = PyUnicode_DecodeFSDefault(served_root);
    PyObject *entry = entry_name();
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
