#include <Python.h>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
namespace {
int unwound;
struct Guard { ~Guard() { ++unwound; } };
struct Own { int number; virtual ~Own() = default; };
struct Error : std::runtime_error { using std::runtime_error::runtime_error; };
void raise(long kind) {
    Guard guard;
    std::map<std::string, int> counted{{"one", 1}};
    if (kind == 0) throw Error("an own type");
    if (kind == 1) { std::vector<int> numbers; numbers.at(3); }
    if (kind == 2) counted.at("two");
    throw 3;
}
std::string caught(long kind) {
    std::ostringstream text;
    unwound = 0;
    try { Guard guard; raise(kind); }
    catch (const Error &error) { text << "Error: " << error.what(); }
    catch (const std::out_of_range &) { text << "out of range"; }
    catch (int number) { text << "number " << number; }
    text << ", " << unwound << " unwound";
    return text.str();
}
}
static PyObject *catch_(PyObject *, PyObject *arg) {
    long kind = PyLong_AsLong(arg);
    if (kind == -1 && PyErr_Occurred()) return nullptr;
    return PyUnicode_FromString(caught(kind).c_str());
}
static PyMethodDef methods[] = {{"catch", catch_, METH_O, "throw one kind and catch it"}, {nullptr, nullptr, 0, nullptr}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_thrown", nullptr, 0, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit__thrown(void) { return PyModuleDef_Init(&module); }
