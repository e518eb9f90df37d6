#include <Python.h>
static _Thread_local long counted;
static PyObject *count(PyObject *self, PyObject *unused) { return PyLong_FromLong(++counted); }
static PyMethodDef methods[] = {{"count", count, METH_NOARGS, "count in this thread"}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_local", NULL, 0, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__local(void) { return PyModuleDef_Init(&module); }
