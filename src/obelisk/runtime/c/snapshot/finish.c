/* The end of a process that goes on from a snapshot: only what programs can see.

   To finalise Python clears all modules, and writes to nearly all of the snapshot's memory for it, which the
   system then throws away. Programs see the end of threads, their atexit functions, what is written to
   stdout, and the end of objects that have finalizers, or that only the main module refers to. Where native
   code has objects of which nobody knows what their end does, and where there are other threads or interpreters,
   Python is finalised.

   Private API is declared once, here: what Py_FinalizeEx does first. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG
#define Py_BUILD_CORE

#include "snapshot/finish.h"

#include <Python.h>

#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#include <stdbool.h>
#include <stdlib.h>

#include "snapshot/snapshot.h"

void _Py_FinishPendingCalls(PyThreadState *);
void _PyAtExit_Call(PyInterpreterState *);
void _PySignal_Fini(void);
#if PY_VERSION_HEX >= 0x030e0000
int _Py_HandleSystemExitAndKeyboardInterrupt(int *);
#define HANDLE_EXIT _Py_HandleSystemExitAndKeyboardInterrupt
#else
int _Py_HandleSystemExit(int *);
#define HANDLE_EXIT _Py_HandleSystemExit
#endif

/* OpenSSL's, which frees what the process has of it, block by block. Nothing sees that. */
void OPENSSL_cleanup(void) __attribute__((weak));
int __real_atexit(void (*)(void));
int __wrap_atexit(void (*)(void));

int
__wrap_atexit(void (*function)(void))
{
    return function == OPENSSL_cleanup && function != NULL ? 0 : __real_atexit(function);
}

static PyObject *snapshot_module;

void
finish_keep(PyObject *module)
{
    snapshot_module = Py_NewRef(module);
}

bool
finish_is_exit(int *status)
{
    return PyErr_ExceptionMatches(PyExc_SystemExit) && HANDLE_EXIT(status) != 0;
}

static void
end_threads(void)
{
    PyObject *modules = PySys_GetObject("modules");
    PyObject *threading = modules ? PyDict_GetItemString(modules, "threading") : NULL;
    PyObject *result;

    if (threading == NULL) {
        return;
    }
    result = PyObject_CallMethod(threading, "_shutdown", NULL);
    if (result == NULL) {
        PyErr_WriteUnraisable(threading);
    }
    Py_XDECREF(result);
}

static bool
flush(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *closed;
    PyObject *result;
    bool is_closed;

    if (stream == NULL || stream == Py_None) {
        return true;
    }
    closed = PyObject_GetAttrString(stream, "closed");
    is_closed = closed != NULL && PyObject_IsTrue(closed) == 1;
    PyErr_Clear();
    Py_XDECREF(closed);
    if (is_closed) {
        return true;
    }
    result = PyObject_CallMethod(stream, "flush", NULL);
    PyErr_Clear();
    Py_XDECREF(result);
    return result != NULL;
}

/* Do what the end of objects does that programs see (frozen/snapshot.py); return whether that is all. */
static bool
end_objects(void)
{
    PyObject *result = PyObject_CallMethod(snapshot_module, "finish", NULL);
    bool is_all = result == Py_True;

    if (result == NULL) {
        PyErr_WriteUnraisable(snapshot_module);
    }
    Py_XDECREF(result);
    return is_all;
}

static bool
flush_both(void)
{
    bool is_written = flush("stdout");

    return flush("stderr") && is_written;
}

bool
finish_is_alone(void)
{
    PyInterpreterState *first = PyInterpreterState_Head();

    return first != NULL && PyInterpreterState_Next(first) == NULL;
}

/* Say whether no other thread is left: what one has in hand is not to end under it. */
static bool
is_last(PyThreadState *thread)
{
    PyThreadState *first = PyInterpreterState_ThreadHead(thread->interp);

    return first == thread && PyThreadState_Next(first) == NULL;
}

/* From here on no thread begins, and signals do what they do in C. */
static void
begin_end(PyThreadState *thread)
{
    _PyInterpreterState_SetFinalizing(thread->interp, thread);
    _PyRuntimeState_SetFinalizing(&_PyRuntime, thread);
    _PySignal_Fini();
}

void
finish(int status, bool is_whole)
{
    PyThreadState *thread = PyThreadState_Get();
    bool is_all;

    if (!snapshot_is_restored()) {
        return;
    }
    end_threads();
    _Py_FinishPendingCalls(thread);
    _PyAtExit_Call(thread->interp);
    if (!flush_both()) {
        return; /* finalising says what is wrong */
    }
    if (!is_last(thread)) { /* finalising stops the others */
        snapshot_end_measurement(status);
        return;
    }
    if (finish_is_alone()) { /* ending another interpreter takes a thread of its own */
        begin_end(thread);
    }
    is_all = end_objects() && finish_is_alone();
    if (!flush_both()) {
        return;
    }
    snapshot_end_measurement(status);
    if (is_all && !is_whole) {
        exit(status);
    }
}
