#include <Python.h>
#include <math.h>
static PyObject *answer(PyObject *self, PyObject *arg) { long n = PyLong_AsLong(arg); if (n == -1 && PyErr_Occurred()) return NULL; return PyLong_FromLong(2 * n + (long)sqrt(4.0)); }
static PyMethodDef methods[] = {{"answer", answer, METH_O, "double, and two"}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "plain", NULL, 0, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_plain(void) { return PyModuleDef_Init(&module); }
