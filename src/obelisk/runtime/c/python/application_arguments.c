/* The arguments that the application sees. See python/application_arguments.h. */

#include "python/application_arguments.h"

#include <string.h>

#include "exec/python_arguments.h"
#include "exec/self_exec.h"
#include "os/os.h"
#include "payload/settings.h"

/* A console script that was found in PATH is named by its path, as a program that the kernel starts
   for a script is; what the shell looked up is the path that it executed. */
static void
name_by_path(char **argv)
{
    const char *path = os_asked_path();
    const char *slash = strrchr(path, '/');

    if (argv[0] != NULL && strchr(argv[0], '/') == NULL && slash != NULL
        && strcmp(slash + 1, argv[0]) == 0) {
        argv[0] += path - argv[0];
    }
}

/* Somebody else may name the application as he would to `python`, by `-m` and its own main module:
   what it wrote into a file for later, such as a hook of git. Return the arguments without that. */
static char **
drop_own_module(char **argv)
{
    static const char name[] = "own_module=";
    size_t named = 0;

    for (const char *entry = settings_next(NULL); entry != NULL && argv[0] != NULL && named == 0;
         entry = settings_next(entry)) {
        if (strncmp(entry, name, sizeof(name) - 1) == 0) {
            named = arguments_name_module(argv + 1, entry + sizeof(name) - 1);
        }
    }
    argv[named] = argv[0];
    return argv + named;
}

char **
application_arguments(char **argv, bool never_python)
{
    name_by_path(argv);
    argv = self_exec_arguments(argv);
    return never_python ? argv : drop_own_module(argv);
}
