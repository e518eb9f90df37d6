/* `_obelisk_payload`: mechanism for the frozen importer, which holds the policy. See python/payload_module.h. */

#include "python/payload_module.h"

#include <marshal.h>

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "elf/dso.h"
#include "payload/settings.h"
#include "python/text.h"

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

/* Return the record of that name in a folder of the executable, or NULL. */
static const struct payload_record *
find_in(enum payload_table table, struct payload_span folder, struct payload_span name)
{
    char key[PATH_MAX];
    struct payload_span whole = {key, folder.size + 1 + name.size};

    if (folder.size >= PATH_MAX || name.size >= PATH_MAX || whole.size > PATH_MAX) {
        return NULL;
    }
    memcpy(key, folder.start, folder.size);
    key[folder.size] = '\0';
    memcpy(key + folder.size + 1, name.start, name.size);
    return payload_find(served, table, whole);
}

/* Return the record of a file or folder below the executable, or NULL. */
static const struct payload_record *
find_file(struct payload_span path)
{
    struct payload_span folder = {path.start, 0};
    const char *slash = memrchr(path.start, '/', path.size);

    if (slash == NULL) {
        return find_in(PAYLOAD_FILES, folder, path);
    }
    folder.size = (size_t)(slash - path.start);
    path.start = slash + 1;
    path.size -= folder.size + 1;
    return find_in(PAYLOAD_FILES, folder, path);
}

/* Read a str; one with lone surrogates is no name of ours: then `start` is NULL, without an error. */
static struct payload_span
read_text(PyObject *text)
{
    Py_ssize_t size = 0;
    struct payload_span span = {PyUnicode_AsUTF8AndSize(text, &size), 0};

    if (span.start == NULL) {
        PyErr_Clear();
    }
    span.size = (size_t)size;
    return span;
}

static const struct payload_record *
find_importable(PyObject *const *arguments, Py_ssize_t count)
{
    struct payload_span folder = count == 2 ? read_text(arguments[0]) : (struct payload_span){0};
    struct payload_span name = count == 2 ? read_text(arguments[1]) : (struct payload_span){0};
    const struct payload_record *record;

    if (folder.start == NULL || name.start == NULL) {
        return NULL;
    }
    record = find_in(PAYLOAD_MODULES, folder, name);
    return record != NULL && record->kind != PAYLOAD_CODE ? record : NULL;
}

PyDoc_STRVAR(find_doc, "find(folder, name, /)\n--\n\n"
                       "Return what an import of a name finds in a folder (1 package, 2 part of a\n"
                       "namespace package, 5 see `other`, 8 module), or -1.");

static PyObject *
find(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    const struct payload_record *record = find_importable(arguments, count);

    (void)self;
    return PyLong_FromLong(record ? record->kind : -1);
}

PyDoc_STRVAR(other_doc, "other(folder, name, /)\n--\n\n"
                        "Return the path of the extension module or bytecode that an import finds.");

static PyObject *
other(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    const struct payload_record *record = find_importable(arguments, count);
    struct payload_span path;

    (void)self;
    if (record == NULL || record->kind != PAYLOAD_OTHER) {
        Py_RETURN_NONE;
    }
    path = payload_stored(served, record);
    return PyUnicode_DecodeUTF8(path.start, (Py_ssize_t)path.size, "strict");
}

PyDoc_STRVAR(is_folder_doc, "is_folder(path, /)\n--\n\n"
                            "Say whether a path below the executable is a folder, as it is spelled.");

static PyObject *
is_folder(PyObject *self, PyObject *path)
{
    struct payload_span text = read_text(path);
    const struct payload_record *record;

    (void)self;
    record = text.start ? find_file(text) : NULL;
    return PyBool_FromLong(record != NULL && record->kind == PAYLOAD_FOLDER);
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

PyDoc_STRVAR(code_doc, "code(path, /)\n--\n\n"
                       "Return the code object of a file below the executable, or None.");

static PyObject *
code(PyObject *self, PyObject *path)
{
    struct payload_span text = read_text(path);
    const struct payload_record *record;

    (void)self;
    record = text.start ? payload_find(served, PAYLOAD_MODULES, text) : NULL;
    if (record == NULL || record->kind != PAYLOAD_CODE) {
        Py_RETURN_NONE;
    }
    return unmarshal(record);
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

/* Append what imports find in a folder, whose keys begin with `prefix`: its path and a zero byte. */
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
        if (record->kind != PAYLOAD_CODE && append_child(list, name, record->kind) < 0) {
            return -1;
        }
    }
    return 0;
}

PyDoc_STRVAR(children_doc, "children(folder, /)\n--\n\n"
                           "Return [(name, kind)] of what imports find in a folder.");

static PyObject *
children(PyObject *self, PyObject *folder)
{
    struct payload_span path = read_text(folder);
    char prefix[PATH_MAX];
    PyObject *list = PyList_New(0);

    (void)self;
    if (list == NULL || path.start == NULL || path.size >= sizeof(prefix)) {
        return list;
    }
    memcpy(prefix, path.start, path.size);
    prefix[path.size] = '\0';
    if (append_children(list, (struct payload_span){prefix, path.size + 1}) < 0) {
        Py_CLEAR(list);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL, find_doc},
    {"other", (PyCFunction)(void (*)(void))other, METH_FASTCALL, other_doc},
    {"is_folder", is_folder, METH_O, is_folder_doc},
    {"code", code, METH_O, code_doc},
    {"library", library, METH_O, library_doc},
    {"setting", setting, METH_O, setting_doc},
    {"children", children, METH_O, children_doc},
    {NULL, NULL, 0, NULL},
};

/* Return the text of a control record, or None. */
static PyObject *
control(const char *name)
{
    const struct payload_span key = {name, strlen(name)};
    const struct payload_record *record = payload_find(served, PAYLOAD_CONTROLS, key);
    struct payload_span text;

    if (record == NULL) {
        Py_RETURN_NONE;
    }
    text = payload_stored(served, record);
    return PyUnicode_DecodeUTF8(text.start, (Py_ssize_t)text.size, "strict");
}

static int
add_constants(PyObject *module)
{
    return PyModule_Add(module, "root", text_object(served_root)) < 0
                   || PyModule_Add(module, "main", control("main")) < 0
                   || PyModule_Add(module, "module", control("module")) < 0
                   || PyModule_Add(module, "pth", control("pth")) < 0
                   || PyModule_Add(module, "left_out", control("left-out")) < 0
                   || PyModule_AddIntConstant(module, "is_application", serves_application) < 0
               ? -1
               : 0;
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
