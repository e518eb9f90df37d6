/* The paths of CPython's configuration. See python/paths.h.

   Private API is named once, here: _PyConfig_InitPathConfig, see below. */

#include "python/paths.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "exec/privilege.h"
#include "os/os.h"
#include "payload/settings.h"
#include "python/pyconfig.h"
#include "vfs/layout.h"
#ifdef OBELISK_SNAPSHOT
#include "snapshot/snapshot.h"
#endif

/* How many folders come before the standard library in `sys.path`, without those of PYTHONPATH. */
static Py_ssize_t paths_before_stdlib;

/* Return the position of the standard library in `sys.path`, or -1. */
static Py_ssize_t
start_of_stdlib(const PyConfig *config)
{
    const PyWideStringList *paths = &config->module_search_paths;

    for (Py_ssize_t i = 0; i < paths->length; i++) {
        if (wcscmp(paths->items[i], config->stdlib_dir) == 0) {
            return i;
        }
    }
    return -1;
}

/* Put the folders of PYTHONPATH before the standard library, where no other entry precedes it but the
   folder of the main program. CPython asks more than once. */
static PyStatus
add_python_path(PyConfig *config)
{
    PyWideStringList *paths = &config->module_search_paths;
    wchar_t *text = config->pythonpath_env;
    wchar_t *rest = NULL;
    Py_ssize_t place = start_of_stdlib(config);
    PyStatus status = PyStatus_Ok();

    if (text == NULL || place != paths_before_stdlib) {
        return status;
    }
    text = wcsdup(text);
    if (text == NULL) {
        return PyStatus_NoMemory();
    }
    for (wchar_t *one = wcstok(text, LAYOUT_PATHS, &rest); one != NULL && !PyStatus_Exception(status);
         one = wcstok(NULL, LAYOUT_PATHS, &rest)) {
        status = PyWideStringList_Insert(paths, place++, one);
    }
    free(text);
    return status;
}

/* CPython passes the configuration through a dict on the way, where these become 0 or 1. */
static void
round_flags(PyConfig *config)
{
    int *const flags[] = {&config->inspect, &config->interactive, &config->parser_debug,
                          &config->quiet};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        *flags[i] = *flags[i] > 1 ? 1 : *flags[i];
    }
}

/* CPython would look for its standard library around the executable, in Python code and with stat
   calls. All that it could find is set below, so it is linked with --wrap to do nothing else. */
PyStatus __wrap__PyConfig_InitPathConfig(PyConfig *config, int compute_path_config);

PyStatus
__wrap__PyConfig_InitPathConfig(PyConfig *config, int compute_path_config)
{
    (void)compute_path_config;
    round_flags(config);
    return add_python_path(config);
}

/* Append a folder that was configured; `$ORIGIN` is that of the executable's file. Who lacks the rights of this
   process may have made a link to the executable in a folder of his. */
static PyStatus
add_search_path(PyConfig *config, const char *path)
{
    static const char origin[] = "$ORIGIN";
    char whole[2 * PATH_MAX];
    const char *executable = os_executable();
    const char *slash = strrchr(executable, LAYOUT_SLASH[0]);

    if (strncmp(path, origin, sizeof(origin) - 1) == 0 && slash != NULL) {
        if (privilege_is_raised()) {
            return PyStatus_Ok();
        }
        snprintf(whole, sizeof(whole), "%.*s%s", (int)(slash - executable), executable,
                 path + sizeof(origin) - 1);
        path = whole;
    }
    return configure_append(&config->module_search_paths, path);
}

/* Append the folders of the executable that are searched, from the payload's record of them. */
static PyStatus
add_own_paths(PyConfig *config, const struct payload *payload, const char *executable)
{
    const struct payload_span key = {"path", 4};
    const struct payload_record *record = payload_find(payload, PAYLOAD_CONTROLS, key);
    struct payload_span paths;
    PyStatus status = PyStatus_Ok();

    if (record == NULL) {
        payload->damaged("missing record", key);
    }
    paths = payload_stored(payload, record);
    for (const char *path = paths.start;
         path < paths.start + paths.size && !PyStatus_Exception(status); path += strlen(path) + 1) {
        char whole[2 * PATH_MAX];
        snprintf(whole, sizeof(whole), *path ? "%s" LAYOUT_SLASH "%s" : "%s", executable, path);
        layout_show(whole);
        status = configure_append(&config->module_search_paths, whole);
    }
    paths_before_stdlib = start_of_stdlib(config);
    return status;
}

static PyStatus
set_search_paths(PyConfig *config, const struct payload *payload, const char *executable)
{
    static const char name[] = "module_search_path=";
    PyStatus status;

    config->module_search_paths_set = 1;
    status = add_own_paths(config, payload, executable);
    for (const char *entry = settings_next(NULL); entry != NULL && !PyStatus_Exception(status);
         entry = settings_next(entry)) {
        if (strncmp(entry, name, sizeof(name) - 1) == 0) {
            status = add_search_path(config, entry + sizeof(name) - 1);
        }
    }
    return status;
}

PyStatus
paths_set(PyConfig *config, const struct payload *payload, const char *executable)
{
    wchar_t **const places[] = {
        &config->executable,  &config->base_executable,  &config->prefix,       &config->base_prefix,
        &config->exec_prefix, &config->base_exec_prefix, &config->program_name,
    };
    char stdlib[2 * PATH_MAX];
    PyStatus status = PyStatus_Ok();

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !PyStatus_Exception(status); i++) {
        status = PyConfig_SetBytesString(config, places[i], executable);
    }
#ifdef OBELISK_SNAPSHOT /* its modules have another path than the executable */
    for (size_t i = 0; i < 2 && !PyStatus_Exception(status) && !snapshot_is_preparing(); i++) {
        status = PyConfig_SetBytesString(config, places[i], os_executable());
    }
#endif
    if (!PyStatus_Exception(status)) {
        snprintf(stdlib, sizeof(stdlib), "%s" LAYOUT_SLASH LAYOUT_STDLIB, executable);
        status = PyConfig_SetBytesString(config, &config->stdlib_dir, stdlib);
    }
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetString(config, &config->platlibdir, L"lib");
    }
    return PyStatus_Exception(status) ? status : set_search_paths(config, payload, executable);
}
