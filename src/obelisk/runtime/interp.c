/* All of CPython's start-up: isolated from the environment, with the frozen importer in place.

   Follows PEP 587 (initialisation configuration) and what CPython's Modules/main.c does around the
   main program. Private API is named once, here: _PyConfig_InitPathConfig, see below. */

#include "interp.h"

#include <Python.h>

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "frozen.h"
#include "module.h"
#include "os.h"

/* CPython would look for its standard library around the executable, in Python code and with stat
   calls. All that it could find is set below, so it is linked with --wrap to do nothing. */
PyStatus __wrap__PyConfig_InitPathConfig(PyConfig *config, int compute_path_config);

PyStatus
__wrap__PyConfig_InitPathConfig(PyConfig *config, int compute_path_config)
{
    (void)config;
    (void)compute_path_config;
    return PyStatus_Ok();
}

static PyStatus
preinitialize(int argc, char **argv)
{
    PyPreConfig config;

    PyPreConfig_InitIsolatedConfig(&config);
    config.utf8_mode = 1;
    /* curses, readline and `locale` expect that the program took over the user's locale. */
    config.configure_locale = 1;
    config.coerce_c_locale = 0;
    config.parse_argv = 0;
    return Py_PreInitializeFromBytesArgs(&config, argc, argv);
}

static PyStatus
set_paths(PyConfig *config, const char *executable)
{
    wchar_t **const places[] = {
        &config->executable,  &config->base_executable, &config->prefix,
        &config->base_prefix, &config->exec_prefix,     &config->base_exec_prefix,
        &config->stdlib_dir,  &config->program_name,
    };
    PyStatus status;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        status = PyConfig_SetBytesString(config, places[i], executable);
        if (PyStatus_Exception(status)) {
            return status;
        }
    }
    status = PyConfig_SetString(config, &config->platlibdir, L"lib");
    if (PyStatus_Exception(status)) {
        return status;
    }
    config->module_search_paths_set = 1;
    return PyWideStringList_Append(&config->module_search_paths, config->executable);
}

static PyStatus
initialize(const struct payload *payload, const char *executable, int argc, char **argv)
{
    PyConfig config;
    PyStatus status;

    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.parse_argv = 0;
    config.install_signal_handlers = 1;
    config.use_frozen_modules = 1;
    config.optimization_level = payload->options & PAYLOAD_OPTIMIZE;
    config.buffered_stdio = !(payload->options & PAYLOAD_UNBUFFERED);
    status = set_paths(&config, executable);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(&config, argc, argv);
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

/* Ask the frozen importer for the code of the main program. It took its place when CPython imported
   `encodings`, to whose frozen code that was added (distribution/runtime.py). */
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
    *exit_status = result ? 0 : 1;
    if (result == NULL) {
        interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
        PyErr_Print(); /* exits the process when the exception is SystemExit */
    }
    Py_XDECREF(result);
    return interrupted;
}

/* A shell wants to see that a program died of ctrl-C, not that it exited. */
static void
die_of_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
}

int
interp_run(const struct payload *payload, const char *executable, int argc, char **argv)
{
    PyStatus status;
    bool interrupted;
    int exit_status;

    module_serve(payload, executable);
    PyImport_FrozenModules = frozen_modules;
    status = preinitialize(argc, argv);
    if (!PyStatus_Exception(status)
        && PyImport_AppendInittab("_obelisk_payload", module_init) != 0) {
        status = PyStatus_NoMemory();
    }
    if (!PyStatus_Exception(status)) {
        status = initialize(payload, executable, argc, argv);
    }
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    interrupted = run_main(&exit_status);
    if (Py_FinalizeEx() < 0) {
        exit_status = 120; /* what CPython reports when stdout cannot be flushed */
    }
    if (interrupted) {
        die_of_interrupt();
    }
    return exit_status;
}
