/* What CMake found, and zlib if it is there. */

#include <Python.h>

#include <stdio.h>

#include "found.h"
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

static PyObject *
found(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
#ifdef HAVE_ZLIB
    return PyUnicode_FromFormat("%s crc=%lu", FOUND, crc32(0, (const Bytef *)"a", 1));
#else
    return PyUnicode_FromString(FOUND);
#endif
}

static PyMethodDef methods[] = {{"found", found, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "found", .m_size = -1, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_found(void)
{
    return PyModule_Create(&definition);
}
