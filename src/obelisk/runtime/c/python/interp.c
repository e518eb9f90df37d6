/* All of CPython's start-up: isolated from the environment, with the frozen importer in place.

   Follows PEP 587 (initialisation configuration) and what CPython's Modules/main.c does around the
   main program. Its search for its own files is in python/paths.c.

   The process is the application, or `python`: when it was started by itself to be that
   (exec/self_exec.h), or as `EXECUTABLE --python ...` if that is configured. */

#include "python/interp.h"

#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "exec/privilege.h"
#include "exec/programs.h"
#include "exec/python_arguments.h"
#include "exec/python_path.h"
#include "exec/self_exec.h"
#include "host/resources.h"
#include "os/os.h"
#include "payload/integrity.h"
#include "payload/settings.h"
#include "python/application_arguments.h"
#include "python/frozen.h"
#include "python/main_program.h"
#include "python/paths.h"
#include "python/payload_module.h"
#include "python/pyconfig.h"
#ifdef OBELISK_SNAPSHOT
#include "snapshot/snapshot.h"
#include "vfs/vfs.h"
#endif

/* Of our patch: whether the system may free what nothing can see once Python is finalised. A Python
   that the user pins may be without it. */
extern int _Py_FinalizeEndsProcess __attribute__((weak));

#define HELPER_CODE L"from multiprocessing.spawn import freeze_support; freeze_support()\n"

struct start {
    bool is_python;
    bool is_free; /* to do all that `python` does: read PYTHON*, import site */
    bool obeys_path;
    const struct payload *payload;
    const char *executable;
    int argc;
    char **argv;
};

/* With rights that the caller lacks, what is configured for the caller's good has no effect. */
static bool
obeys_setting(const char *setting)
{
    return settings_is(setting) && !privilege_is_raised();
}

static PyStatus
preinitialize(const struct start *start)
{
    PyPreConfig config;

    if (start->is_free) {
        PyPreConfig_InitPythonConfig(&config);
        return Py_PreInitializeFromBytesArgs(&config, start->argc, start->argv);
    }
    PyPreConfig_InitIsolatedConfig(&config);
    config.utf8_mode = 1;
    /* curses, readline and `locale` expect that the program took over the user's locale. */
    config.configure_locale = 1;
    config.coerce_c_locale = 0;
    config.isolated = 0; /* see set_defaults */
    config.parse_argv = start->is_python;
    configure_before(&config);
    return Py_PreInitializeFromBytesArgs(&config, start->argc, start->argv);
}

/* Let PYTHONPATH have effect, as pip's isolated builds need it. */
static PyStatus
obey_path(PyConfig *config)
{
    const char *path = getenv("PYTHONPATH");

    return path ? PyConfig_SetBytesString(config, &config->pythonpath_env, path) : PyStatus_Ok();
}

/* Import the `sitecustomize` in there. All of `site` would also look for a virtual environment around
   the executable. */
static void
customize(void)
{
    PyObject *site = PyImport_ImportModule("site");
    PyObject *result = site ? PyObject_CallMethod(site, "execsitecustomize", NULL) : NULL;

    if (result == NULL) {
        PyErr_Print(); /* exits the process when the exception is SystemExit */
    }
    Py_XDECREF(result);
    Py_XDECREF(site);
}

/* What is so in every process of this executable. */
static void
set_defaults(PyConfig *config, const struct start *start)
{
    config->pathconfig_warnings = 0;
    config->user_site_directory = 0;
    config->install_signal_handlers = 1;
    config->use_frozen_modules = 1;
    if (!start->is_free) {
        config->isolated = 0; /* all that `-I` means is so, but for what it says of `safe_path` */
        config->use_environment = 0;
        config->site_import = 0;
        config->safe_path = 0;
        config->write_bytecode = 0;
    }
}

/* Whether `-c`, `-m` and the prompt import from the working folder. */
static bool trusts_working_folder;

/* The first entry of `sys.path`: a script finds the modules beside it, but nothing else of the disk gets
   there unasked. `safe_path` would mean the same, but is seen in `sys.flags`: tools that run scripts of
   others, and notebooks, would not look for modules beside these either. Linked with --wrap. */
int __real__PyPathConfig_ComputeSysPath0(const PyWideStringList *argv, PyObject **path0);
int __wrap__PyPathConfig_ComputeSysPath0(const PyWideStringList *argv, PyObject **path0);

int
__wrap__PyPathConfig_ComputeSysPath0(const PyWideStringList *argv, PyObject **path0)
{
    const wchar_t *first = argv->length > 0 ? argv->items[0] : L"";
    bool is_script = first[0] != L'\0' && wcscmp(first, L"-") != 0 && wcscmp(first, L"-c") != 0
                     && wcscmp(first, L"-m") != 0;

    if (!is_script && !trusts_working_folder) {
        return 0;
    }
    return __real__PyPathConfig_ComputeSysPath0(argv, path0);
}

static PyStatus
set_arguments(PyConfig *config, const struct start *start)
{
    bool is_helper = start->is_python && start->argc > 1
                     && strcmp(start->argv[1], ARGUMENTS_FORK) == 0;
    PyStatus status;

    config->parse_argv = start->is_python && !is_helper;
    status = PyConfig_SetBytesArgv(config, start->argc, start->argv);
    if (is_helper && !PyStatus_Exception(status)) {
        status = PyConfig_SetString(config, &config->run_command, HELPER_CODE);
    }
    return status;
}

static PyStatus
initialize(const struct start *start)
{
    PyConfig config;
    PyStatus status;

    if (start->is_python || obeys_setting("use_environment")) {
        PyConfig_InitPythonConfig(&config);
    }
    else {
        PyConfig_InitIsolatedConfig(&config);
    }
    set_defaults(&config, start);
#ifdef OBELISK_RECORDING
    config.use_hash_seed = 1; /* each run goes through sets in the same order */
#endif
    status = configure(&config);
    if (!PyStatus_Exception(status)) {
        status = paths_set(&config, start->payload, start->executable);
    }
    if (start->obeys_path && !PyStatus_Exception(status)) {
        status = obey_path(&config);
    }
    if (!PyStatus_Exception(status)) {
        status = set_arguments(&config, start);
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

/* Run the lines of packages' `.pth` files where there are any: what CPython does last at its start. */
static void
run_pth(const struct payload *payload)
{
    const struct payload_span key = {"pth", 3};
    PyObject *importer = NULL;
    PyObject *result = NULL;

    if (payload_find(payload, PAYLOAD_CONTROLS, key) == NULL) {
        return;
    }
    importer = PyImport_ImportModule("_obelisk");
    result = importer ? PyObject_CallMethod(importer, "run_pth", NULL) : NULL;
    if (result == NULL) {
        PyErr_Print(); /* exits the process when the exception is SystemExit */
    }
    Py_XDECREF(result);
    Py_XDECREF(importer);
}

/* Helpers of multiprocessing are as isolated as the application that they belong to. */
static bool
obeys_path(char *const arguments[])
{
    return python_path_is_obeyed() && !arguments_are_helper(arguments)
           && !arguments_have_option(arguments, 'E') && !arguments_have_option(arguments, 'I');
}

/* Find out what this process is to be. */
static struct start
read_start(const struct payload *payload, const char *executable, int argc, char **argv)
{
    const char *children = settings_get("children");
    bool never = children != NULL && strcmp(children, "application") == 0;
    enum self_exec_children kind = never ? SELF_EXEC_HELPERS : SELF_EXEC_BY_FORM;
    enum self_exec_role role = self_exec_open(integrity_build(), kind, argv);
    bool may_be_python = obeys_setting("python_option");
    struct start start;

    if (role == SELF_EXEC_APPLICATION) {
        char **shown = application_arguments(argv, never);
        argc -= (int)(shown - argv);
        argv = shown;
    }
    if (role == SELF_EXEC_APPLICATION && argc > 1 && strcmp(argv[1], "--python") == 0
        && may_be_python) {
        argv[1] = argv[0];
        argc--;
        argv++;
        role = SELF_EXEC_FREE;
    }
    start.is_python = role != SELF_EXEC_APPLICATION;
    start.is_free = role == SELF_EXEC_FREE && may_be_python;
    start.obeys_path = start.is_python && !start.is_free && obeys_path(argv + 1);
    start.payload = payload;
    start.executable = executable;
    start.argc = argc;
    start.argv = argv;
    self_exec_serve(role, argv);
    programs_serve(start.is_python ? NULL : argv);
    return start;
}

/* As Py_ExitStatusException does it, with the exit status of its own. */
static _Noreturn void
die_of_status(PyStatus status)
{
    char text[256];
    char limit[96];

    if (PyStatus_IsExit(status)) {
        exit(status.exitcode);
    }
    if (PyThreadState_GetUnchecked() != NULL && PyErr_Occurred()) {
        PyErr_Print();
    }
    if (resources_describe_limit(limit, sizeof(limit))) {
        snprintf(text, sizeof(text), "cannot start Python: %s; %s", status.err_msg, limit);
        os_die(OS_EXIT_FAILED, text);
    }
    snprintf(text, sizeof(text), "cannot start Python: %s%s%s", status.func ? status.func : "",
             status.func ? ": " : "", status.err_msg);
    os_die(OS_EXIT_FAILED, text);
}

int
interp_run(const struct payload *payload, const char *executable, int argc, char **argv)
{
    struct start start = read_start(payload, executable, argc, argv);
    PyStatus status;

    trusts_working_folder =
        start.is_free || (settings_get("safe_path") != NULL && !privilege_is_raised());
    module_serve(payload, executable, !start.is_free);
    PyImport_FrozenModules = frozen_modules;
    status = preinitialize(&start);
    if (!PyStatus_Exception(status)
        && PyImport_AppendInittab("_obelisk_payload", module_init) != 0) {
        status = PyStatus_NoMemory();
    }
#ifdef OBELISK_SNAPSHOT
    if (!PyStatus_Exception(status) && snapshot_add_module() != 0) {
        status = PyStatus_NoMemory();
    }
#endif
    if (!PyStatus_Exception(status)) {
        status = initialize(&start);
    }
    if (PyStatus_Exception(status)) {
        die_of_status(status);
    }
#ifdef OBELISK_SNAPSHOT
    if (snapshot_is_preparing()) {
        run_pth(payload);
        _Py_FinalizeEndsProcess = 1;
        snapshot_prepare();
    }
#endif
    /* What `site` does, unless `python` was told to do without it. */
    if (!start.is_python || !arguments_have_option(start.argv + 1, 'S')) {
        run_pth(payload);
        if (start.obeys_path) {
            customize();
        }
    }
    if (&_Py_FinalizeEndsProcess != NULL) {
        _Py_FinalizeEndsProcess = 1;
    }
    return start.is_python ? Py_RunMain() : main_program_run();
}

#ifdef OBELISK_SNAPSHOT
void
interp_resume(int argc, char **argv)
{
    struct start start = read_start(vfs_payload(), SNAPSHOT_ROOT, argc, argv);

    snapshot_process = (struct snapshot_process){start.argc, start.argv, environ};
}
#endif
