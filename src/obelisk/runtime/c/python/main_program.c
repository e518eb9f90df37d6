/* The application's main program, in `__main__`. See python/main_program.h.

   As Py_FrozenMain does it. Private API is declared once, here: what marks the main thread. */

#include "python/main_program.h"

#include <Python.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#ifdef OBELISK_SNAPSHOT
#include "snapshot/finish.h"
#endif

/* Declared in an internal header (pycore_pystate.h). */
PyAPI_FUNC(int) _PyInterpreterState_SetRunningMain(PyInterpreterState *);
PyAPI_FUNC(void) _PyInterpreterState_SetNotRunningMain(PyInterpreterState *);

/* Ask the frozen importer for the code of the main program. It took its place when CPython imported
   `encodings`, to whose frozen code that was added (runtime/link.py). */
static PyObject *
start_importer(void)
{
    PyObject *importer = PyImport_ImportModule("_obelisk");
    PyObject *code;

    if (importer == NULL) {
        return NULL;
    }
    code = PyObject_CallMethod(importer, "start", NULL);
    Py_DECREF(importer);
    return code;
}

/* What was printed comes before the traceback. */
static void
flush_streams(void)
{
    static const char *const names[] = {"stderr", "stdout"};
    PyObject *raised = PyErr_GetRaisedException();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        PyObject *stream = PySys_GetObject(names[i]);
        PyObject *result = stream ? PyObject_CallMethod(stream, "flush", NULL) : NULL;

        Py_XDECREF(result);
        PyErr_Clear();
    }
    PyErr_SetRaisedException(raised);
}

/* Run the main program in `__main__`; return whether it ended by an unhandled ctrl-C. */
static bool
run_main(int *exit_status)
{
    PyObject *code = start_importer();
    PyObject *main_module = code ? PyImport_AddModule("__main__") : NULL;
    PyObject *globals = main_module ? PyModule_GetDict(main_module) : NULL;
    PyObject *result = globals ? PyEval_EvalCode(code, globals, globals) : NULL;
    bool interrupted = false;

    Py_XDECREF(code);
    flush_streams();
    *exit_status = result ? 0 : 1;
#ifdef OBELISK_SNAPSHOT
    if (result == NULL && finish_is_exit(exit_status)) {
        return false;
    }
#endif
    if (result == NULL) {
        interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
        PyErr_Print(); /* exits the process when the exception is SystemExit */
    }
    Py_XDECREF(result);
    return interrupted;
}

/* PYTHONINSPECT, where the environment has effect. */
static bool
is_to_be_inspected(void)
{
    PyObject *flags = PySys_GetObject("flags");
    PyObject *flag = flags ? PyObject_GetAttrString(flags, "inspect") : NULL;
    bool wanted = flag != NULL && PyObject_IsTrue(flag) == 1;

    Py_XDECREF(flag);
    return wanted && isatty(STDIN_FILENO);
}

/* While a program is to be inspected, SystemExit does not end it; at the prompt it does. */
static void
let_exit_end(void)
{
#if PY_VERSION_HEX >= 0x030e0000
    if (PyConfig_Set("inspect", Py_False) < 0) {
        PyErr_Clear();
    }
#endif
}

/* A shell wants to see that a program died of ctrl-C, not that it exited. */
static void
die_of_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
}

int
main_program_run(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    int exit_status = 1;
    bool interrupted = false;

    if (_PyInterpreterState_SetRunningMain(interpreter) < 0) {
        PyErr_Print();
    }
    else {
        interrupted = run_main(&exit_status);
        if (is_to_be_inspected()) {
            let_exit_end();
            exit_status = PyRun_AnyFile(stdin, "<stdin>") != 0;
        }
        _PyInterpreterState_SetNotRunningMain(interpreter);
    }
#ifdef OBELISK_SNAPSHOT
    finish(interrupted ? 128 + SIGINT : exit_status, interrupted);
#endif
    if (Py_FinalizeEx() < 0) {
        exit_status = 120; /* what CPython reports when stdout cannot be flushed */
    }
    if (interrupted) {
        die_of_interrupt();
    }
    return exit_status;
}
