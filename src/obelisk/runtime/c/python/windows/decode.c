/* Arguments and paths as CPython's texts. What is handed to its configuration is UTF-8 in which a surrogate
   without its other half has three bytes of its own (os/windows/text.h): such names of files exist, and
   must arrive as they are. Linked with --wrap. */

#include <Python.h>

#include "os/windows/text.h"
#include "python/text.h"

wchar_t *__real_Py_DecodeLocale(const char *text, size_t *size);
wchar_t *__wrap_Py_DecodeLocale(const char *text, size_t *size);

wchar_t *
__wrap_Py_DecodeLocale(const char *text, size_t *size)
{
    wchar_t *decoded = PyMem_RawMalloc((strlen(text) + 1) * sizeof(wchar_t));
    size_t count = decoded ? text_decode(decoded, text) : 0;

    if (decoded == NULL || count == SIZE_MAX) {
        PyMem_RawFree(decoded);
        return __real_Py_DecodeLocale(text, size);
    }
    if (size != NULL) {
        *size = count;
    }
    return decoded;
}

PyObject *
text_object(const char *text)
{
    wchar_t *decoded = Py_DecodeLocale(text, NULL);
    PyObject *object = decoded ? PyUnicode_FromWideChar(decoded, -1) : PyErr_NoMemory();

    PyMem_RawFree(decoded);
    return object;
}
