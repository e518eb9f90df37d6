/* Texts of the process, such as paths, as Python's. */

#ifndef OBELISK_PYTHON_TEXT_H
#define OBELISK_PYTHON_TEXT_H

#include <Python.h>

#ifdef _WIN32
/* Return a text that the runtime has as UTF-8 (os/windows/text.h): Python's own encoding of files may be
   another one, by PYTHONLEGACYWINDOWSFSENCODING, and is not there yet when the importer begins. */
PyObject *text_object(const char *text);
#else
#define text_object PyUnicode_DecodeFSDefault
#endif

#endif
