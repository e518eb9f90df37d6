/* Whoever looks at what a deferred function has by its code, or changes it. See snapshot/deferred.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/deferred.h"

#include <string.h>

/* What an attribute of functions was before. */
struct look {
    const char *name;
    getter get;
    setter set;
};

static struct look looks[] = {{"__code__", NULL, NULL}, {"__qualname__", NULL, NULL}};

static PyObject *
get_completed(PyObject *function, void *look)
{
    return deferred_complete((PyFunctionObject *)function) < 0 ? NULL
                                                               : ((struct look *)look)->get(function, NULL);
}

static int
set_completed(PyObject *function, PyObject *value, void *look)
{
    return deferred_complete((PyFunctionObject *)function) < 0
               ? -1
               : ((struct look *)look)->set(function, value, NULL);
}

static void
replace_attributes(void)
{
    for (PyGetSetDef *one = PyFunction_Type.tp_getset; one->name != NULL; one++) {
        for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
            if (strcmp(one->name, looks[i].name) == 0) {
                looks[i].get = one->get;
                looks[i].set = one->set;
                *one = (PyGetSetDef){one->name, get_completed, set_completed, one->doc, &looks[i]};
            }
        }
    }
}

/* `__doc__` is a field that CPython reads by itself; here is what it does. */

static PyObject *
get_doc(PyObject *object, void *closure)
{
    PyFunctionObject *function = (PyFunctionObject *)object;

    (void)closure;
    if (deferred_complete(function) < 0) {
        return NULL;
    }
    return Py_NewRef(function->func_doc ? function->func_doc : Py_None);
}

static int
set_doc(PyObject *object, PyObject *value, void *closure)
{
    PyFunctionObject *function = (PyFunctionObject *)object;

    (void)closure;
    if (deferred_complete(function) < 0) {
        return -1;
    }
    Py_XSETREF(function->func_doc, Py_XNewRef(value));
    return 0;
}

static int
replace_doc(PyObject *attributes)
{
    static PyGetSetDef definition = {"__doc__", get_doc, set_doc, NULL, NULL};
    PyObject *descriptor = PyDescr_NewGetSet(&PyFunction_Type, &definition);
    int status = descriptor ? PyDict_SetItemString(attributes, "__doc__", descriptor) : -1;

    Py_XDECREF(descriptor);
    return status;
}

static reprfunc represent;

static PyObject *
represent_completed(PyObject *function)
{
    return deferred_complete((PyFunctionObject *)function) < 0 ? NULL : represent(function);
}

static int
replace_repr(PyObject *attributes)
{
    PyObject *found;
    int status = PyDict_GetItemStringRef(attributes, "__repr__", &found);

    if (status <= 0) {
        return status;
    }
    represent = PyFunction_Type.tp_repr;
    PyFunction_Type.tp_repr = represent_completed;
    if (Py_IS_TYPE(found, &PyWrapperDescr_Type)) {
        ((PyWrapperDescrObject *)found)->d_wrapped = (void *)represent_completed;
    }
    Py_DECREF(found);
    return 0;
}

/* All that functions refer to. */

static bool
complete_all(PyObject *const *objects, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyFunction_Check(objects[i]) && deferred_complete((PyFunctionObject *)objects[i]) < 0) {
            return false;
        }
    }
    return true;
}

static PyCFunctionFast get_referents;

static PyObject *
referents_of_completed(PyObject *module, PyObject *const *objects, Py_ssize_t count)
{
    return complete_all(objects, count) ? get_referents(module, objects, count) : NULL;
}

static void
replace_referents(PyObject *referents)
{
    if (PyCFunction_CheckExact(referents) && PyCFunction_GET_FLAGS(referents) == METH_FASTCALL) {
        PyMethodDef *method = ((PyCFunctionObject *)referents)->m_ml;
        get_referents = (PyCFunctionFast)(void (*)(void))method->ml_meth;
        method->ml_meth = (PyCFunction)(void (*)(void))referents_of_completed;
    }
}

PyObject *__real_PyFunction_GetCode(PyObject *);
PyObject *__wrap_PyFunction_GetCode(PyObject *);

PyObject *
__wrap_PyFunction_GetCode(PyObject *function)
{
    if (PyFunction_Check(function) && deferred_complete((PyFunctionObject *)function) < 0) {
        return NULL;
    }
    return __real_PyFunction_GetCode(function);
}

int
deferred_replace_looks(PyObject *referents)
{
    PyObject *attributes = PyType_GetDict(&PyFunction_Type);
    int status = attributes ? 0 : -1;

    replace_attributes();
    replace_referents(referents);
    if (status == 0) {
        status = replace_doc(attributes) < 0 || replace_repr(attributes) < 0 ? -1 : 0;
    }
    Py_XDECREF(attributes);
    PyType_Modified(&PyFunction_Type);
    return status;
}
