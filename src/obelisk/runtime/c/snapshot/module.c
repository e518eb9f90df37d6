/* `_snapshot`: mechanism for the frozen `_obelisk_snapshot`, which holds the policy. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG

#include "snapshot/snapshot.h"

#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"
#include "snapshot/deferred.h"
#include "snapshot/finish.h"
#include "snapshot/guards.h"
#include "snapshot/immortal.h"
#include "snapshot/machine.h"
#include "snapshot/share.h"
#include "snapshot/signals.h"
#include "snapshot/stack.h"
#include "snapshot/trim.h"

/* Of OpenSSL, which a runtime need not have. */
#define CONFIGURED_AS_EVER 0x32 /* as its start does it: what is missing, or wrong, is no error */
__attribute__((weak)) int CONF_modules_load_file(const char *, const char *, unsigned long);
__attribute__((weak)) int ERR_set_mark(void);
__attribute__((weak)) int ERR_pop_to_mark(void);

PyDoc_STRVAR(is_preparing_doc, "is_preparing()\n--\n\nSay whether a snapshot is being made.");

static PyObject *
is_preparing(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(snapshot_is_preparing());
}

PyDoc_STRVAR(reads_doc, "reads()\n--\n\n"
                        "Return [(kind, name, value)] of what was asked of the surroundings since the last\n"
                        "call, each once and in order; name and value are bytes, or None.");

static PyObject *
reads(PyObject *self, PyObject *unused)
{
    const struct snapshot_noted *noted;
    size_t count = snapshot_noted(&noted);
    PyObject *list = PyList_New(0);

    (void)self;
    (void)unused;
    for (size_t i = 0; i < count && list != NULL; i++) {
        PyObject *item = Py_BuildValue("(syy)", noted[i].kind, noted[i].name, noted[i].value);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    snapshot_forget_noted();
    stack_clear(); /* it was looked at what the process holds */
    return list;
}

/* Open a file to append to, which is not noted. */
static int
open_quietly(const char *path)
{
    long file = machine_call(SYS_open, (long)path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600, 0, 0, 0);

    errno = file < 0 ? (int)-file : errno;
    return file < 0 ? -1 : (int)file;
}

static int
write_guard(int file, PyObject *guard)
{
    const char *name;
    const char *value;

    if (!PyArg_ParseTuple(guard, "yz", &name, &value)) {
        return -1;
    }
    dprintf(file, value ? "%s=%s" : "%s", name, value);
    return write(file, "", 1) == 1 ? 0 : -1;
}

PyDoc_STRVAR(guard_doc, "guard(variables, /)\n--\n\n"
                        "Let the snapshot be used only where variables of the environment have these\n"
                        "values: [(name, value)], None for one that must not be there.");

static PyObject *
guard(PyObject *self, PyObject *list)
{
    char path[4096];
    int file;

    (void)self;
    if (snapshot_dump_path == NULL || !PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list is expected, while a snapshot is being made");
        return NULL;
    }
    snprintf(path, sizeof(path), "%s.guards", snapshot_dump_path);
    file = open_quietly(path);
    if (file < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        if (write_guard(file, PyList_GET_ITEM(list, i)) != 0) {
            close(file);
            return PyErr_Occurred() ? NULL : PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    close(file);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(file_check_doc, "file_check(path, /)\n--\n\n"
                             "Return the checksum of a file as a guard has it, in bytes; None of one that\n"
                             "cannot be compared at each start.");

static PyObject *
file_check(PyObject *self, PyObject *path)
{
    char digits[2 * sizeof(uint64_t) + 1];
    uint64_t check;

    (void)self;
    if (!PyBytes_Check(path)) {
        PyErr_SetString(PyExc_TypeError, "bytes are expected");
        return NULL;
    }
    if (!guards_check(PyBytes_AS_STRING(path), &check)) {
        Py_RETURN_NONE;
    }
    snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)check);
    return PyBytes_FromString(digits);
}

PyDoc_STRVAR(configure_openssl_doc, "configure_openssl()\n--\n\n"
                                    "Let OpenSSL read this machine's configuration, which it did not find\n"
                                    "while the snapshot was made.");

static PyObject *
configure_openssl(PyObject *self, PyObject *unused)
{
    static bool is_done;

    (void)self;
    (void)unused;
    if (!is_done && CONF_modules_load_file != NULL && ERR_set_mark != NULL && ERR_pop_to_mark != NULL) {
        is_done = true;
        ERR_set_mark();
        CONF_modules_load_file(NULL, NULL, CONFIGURED_AS_EVER);
        ERR_pop_to_mark();
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(report_doc, "report(text, /)\n--\n\n"
                         "Append a line to what the builder reads: bytes, of JSON.");

static PyObject *
report(PyObject *self, PyObject *text)
{
    char *bytes;
    Py_ssize_t size;
    int file;
    bool done;

    (void)self;
    if (PyBytes_AsStringAndSize(text, &bytes, &size) < 0) {
        return NULL;
    }
    if (snapshot_report_path == NULL) {
        Py_RETURN_NONE;
    }
    file = open_quietly(snapshot_report_path);
    done = file >= 0 && write(file, bytes, (size_t)size) == size && write(file, "\n", 1) == 1;
    if (file >= 0) {
        close(file);
    }
    if (!done) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(immortalize_doc, "immortalize(objects, /)\n--\n\n"
                              "Let objects, and what they refer to, live until the process ends: their\n"
                              "counts of references are not written to. Return how many.");

static PyObject *
immortalize(PyObject *self, PyObject *list)
{
    (void)self;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list is expected");
        return NULL;
    }
    return PyLong_FromSize_t(immortal_make(list));
}

PyDoc_STRVAR(compact_doc, "compact(objects, /)\n--\n\n"
                          "Let objects take less memory, where no program notices it.");

static PyObject *
compact(PyObject *self, PyObject *list)
{
    (void)self;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list is expected");
        return NULL;
    }
    share_parts_of_code(list);
    trim_objects(list);
    Py_RETURN_NONE;
}

static PyObject *
list_of(char **texts, size_t count, PyObject *(*make)(const char *))
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; i < count && list != NULL; i++) {
        PyObject *item = make(texts[i]);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    return list;
}

PyDoc_STRVAR(process_doc, "process()\n--\n\n"
                          "Return (arguments, environment, executable) of the process that goes on from\n"
                          "the snapshot: a list of str, one of bytes, and a path.");

static PyObject *
process_of(PyObject *self, PyObject *unused)
{
    size_t count = 0;
    PyObject *arguments;
    PyObject *environment;

    (void)self;
    (void)unused;
    while (snapshot_process.environment != NULL && snapshot_process.environment[count] != NULL) {
        count++;
    }
    arguments = list_of(snapshot_process.argv, (size_t)snapshot_process.argc, PyUnicode_DecodeFSDefault);
    environment = list_of(snapshot_process.environment, count, PyBytes_FromString);
    return Py_BuildValue("(NNN)", arguments, environment, PyUnicode_DecodeFSDefault(os_executable()));
}

PyDoc_STRVAR(ignored_doc, "ignored()\n--\n\nReturn the numbers of the signals that are ignored.");

static PyObject *
ignored(PyObject *self, PyObject *unused)
{
    PyObject *list = PyList_New(0);

    (void)self;
    (void)unused;
    for (int number = 1; number < NSIG && list != NULL; number++) {
        struct sigaction action;
        PyObject *item;

        if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_IGN) {
            continue;
        }
        item = PyLong_FromLong(number);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    return list;
}

PyDoc_STRVAR(renew_signals_doc, "renew_signals()\n--\n\n"
                                "Let the kernel do at signals what modules of the snapshot had told it.");

static PyObject *
renew_signals(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    signals_renew();
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"is_preparing", is_preparing, METH_NOARGS, is_preparing_doc},
    {"reads", reads, METH_NOARGS, reads_doc},
    {"guard", guard, METH_O, guard_doc},
    {"file_check", file_check, METH_O, file_check_doc},
    {"configure_openssl", configure_openssl, METH_NOARGS, configure_openssl_doc},
    {"report", report, METH_O, report_doc},
    {"compact", compact, METH_O, compact_doc},
    {"immortalize", immortalize, METH_O, immortalize_doc},
    {"process", process_of, METH_NOARGS, process_doc},
    {"ignored", ignored, METH_NOARGS, ignored_doc},
    {"renew_signals", renew_signals, METH_NOARGS, renew_signals_doc},
    {NULL, NULL, 0, NULL},
};

static int
add_more(PyObject *module)
{
    bool is_done = PyModule_AddFunctions(module, deferred_methods) == 0
                   && PyModule_AddFunctions(module, finish_methods) == 0;

    return is_done ? 0 : -1;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)add_more},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_snapshot",
    .m_doc = "The snapshot that this executable starts from.",
    .m_methods = methods,
    .m_slots = slots,
};

static PyObject *
module_init(void)
{
    return PyModuleDef_Init(&definition);
}

int
snapshot_add_module(void)
{
    return PyImport_AppendInittab("_snapshot", module_init);
}
