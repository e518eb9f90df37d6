/* An extension module in C, linked with a library of its own copy. */

#include <Python.h>
#include <zlib.h>

static PyObject *
checksum(PyObject *self, PyObject *bytes)
{
    char *data;
    Py_ssize_t size;

    (void)self;
    if (PyBytes_AsStringAndSize(bytes, &data, &size) < 0) {
        return NULL;
    }
    return PyLong_FromUnsignedLong(adler32(1, (const Bytef *)data, (uInt)size));
}

static PyMethodDef methods[] = {
    {"checksum", checksum, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "plain",
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_plain(void)
{
    return PyModuleDef_Init(&definition);
}
