/* An extension module in C++ that is linked with a static library of C. */
#include <Python.h>
#include <string>
#include <vector>

extern "C" {
void xmlInitParser(void);
extern const char *const xmlParserVersion;
}

static PyObject *version(PyObject *, PyObject *)
{
    xmlInitParser();
    std::vector<std::string> parts{"libxml2", std::string(xmlParserVersion).substr(0, 5)};
    try {
        return PyUnicode_FromString((parts.at(0) + " " + parts.at(1)).c_str());
    } catch (const std::exception &) {
        return nullptr;
    }
}

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "parse", nullptr, -1, methods};

PyMODINIT_FUNC PyInit_parse(void)
{
    return PyModule_Create(&module);
}
