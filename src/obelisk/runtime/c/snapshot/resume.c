/* Going on from a snapshot as the application. See snapshot/snapshot.h. */

#include "snapshot/snapshot.h"

#include <Python.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/resources.h"
#include "os/os.h"
#include "payload/integrity.h"
#include "payload/settings.h"
#include "python/interp.h"
#include "python/main_program.h"
#include "python/pyconfig.h"
#include "snapshot/finish.h"
#include "snapshot/lookups.h"
#include "snapshot/processors.h"
#include "vfs/vfs.h"

struct snapshot_process snapshot_process;

/* Declared in an internal header (pycore_interp.h). */
const PyConfig *_PyInterpreterState_GetConfig(PyInterpreterState *);

#if PY_VERSION_HEX >= 0x030e0000
/* Declared in an internal header (pycore_ceval.h): limits of the stack are addresses. */
void _Py_InitializeRecursionLimits(PyThreadState *);
#endif

/* SQLite's: it looks for folders of temporary files in the environment. */
int sqlite3_os_init(void) __attribute__((weak));

static bool is_restored;
static pid_t measured;

bool
snapshot_is_restored(void)
{
    return is_restored;
}

/* Python's own half of what a child does. */
static void
renew_python(void)
{
    PyObject *module;
    PyObject *result;

#if PY_VERSION_HEX >= 0x030e0000
    _Py_InitializeRecursionLimits(PyThreadState_GetUnchecked());
#endif
    configure_processors((PyConfig *)(uintptr_t)_PyInterpreterState_GetConfig(PyInterpreterState_Get()));
    PyOS_AfterFork_Child();
    module = PyImport_ImportModule("_obelisk_snapshot"); /* it knows what Python keeps of a process */
    result = module ? PyObject_CallMethod(module, "restore", NULL) : NULL;
    if (result == NULL) {
        PyErr_Print();
        os_die(OS_EXIT_FAILED, "cannot go on from the snapshot; OBELISK_SNAPSHOT=0 starts without it");
    }
    finish_keep(module);
    Py_DECREF(result);
    Py_DECREF(module);
}

/* What libraries took from the environment when they began, and would not look at again. A training run
   writes to the same memory whether these variables are set or not. */
static void
renew_libraries(void)
{
    bool is_set = getenv("SQLITE_TMPDIR") != NULL || getenv("TMPDIR") != NULL;

    if (sqlite3_os_init != NULL && (is_set || snapshot_is_trained())) {
        sqlite3_os_init();
    }
}

bool
snapshot_is_measured(void)
{
    return is_restored && snapshot_dump_path != NULL;
}

/* A child that was forked is another process. */
void
snapshot_end_measurement(int status)
{
    if (snapshot_is_measured() && getpid() == measured) {
        fflush(NULL);
        if (!snapshot_dump(snapshot_dump_path)) {
            os_die_of_error("cannot write what the start changed");
        }
        _exit(status);
    }
}

int
snapshot_resume(int argc, char **argv)
{
    static char root[] = SNAPSHOT_ROOT;
    static char *constant[] = {root, NULL};

    is_restored = true;
    if (snapshot_is_measured()) {
        measured = getpid();
    }
    if (snapshot_is_measured() && !snapshot_is_trained()) {
        argc = 1;
        argv = constant;
    }
    resources_require_stack();
    if (settings_get("integrity") != NULL) {
        integrity_check();
    }
    os_forget_executable();
    payload_keep_frames(true);
    vfs_alias(os_executable());
    snapshot_renew_clock();
    setlocale(LC_CTYPE, "");
    renew_libraries();
    if (isatty(STDOUT_FILENO)) { /* what libc finds out when stdout is first written to */
        setvbuf(stdout, NULL, _IOLBF, 0);
    }
    interp_resume(argc, argv);
    renew_python();
    processors_renew();
    if (snapshot_is_trained()) {
        lookups_touch();
    }
    else {
        snapshot_end_measurement(0);
    }
    return main_program_run();
}
