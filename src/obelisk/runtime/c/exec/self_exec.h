/* Programs that execute themselves: `[sys.executable, "-c", ...]` is run as `python` would run it.

   The calls that execute a program are linked with --wrap (exec/execute.c). Where the arguments name this executable,
   followed by arguments such as only `python` takes, a permission (exec/permission.h) is given on, which
   the new process looks for and removes before anything else sees it. It passes through programs that
   execute their arguments, and through the command text of a shell.

   The variable that carries it, OBELISK_ and the build's number, also names the processes of this
   executable that are running one inside the other, for all that is executed: an application that
   starts itself by a way that is not seen here would do so for ever. */

#ifndef OBELISK_SELF_EXEC_H
#define OBELISK_SELF_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "exec/execution.h"

/* What a process of this executable is. */
enum self_exec_role {
    SELF_EXEC_APPLICATION, /* the application, as when anybody else starts it */
    SELF_EXEC_PYTHON,      /* `python` for the application, isolated as that is */
    SELF_EXEC_FREE,        /* what `EXECUTABLE --python` is, and all that such a process starts */
};

/* When arguments that the application gives to itself are taken as those of `python`. */
enum self_exec_children {
    SELF_EXEC_BY_FORM, /* by their form: -c, -m, a script; but what this process was given restarts it */
    SELF_EXEC_HELPERS, /* when they are those of multiprocessing's helpers */
};

/* Return what this process was started to be; `build` is a number that no other executable has. Asks
   once: removes all that tells from `argv` and the environment. The process ends when it was told by
   another build, without its environment, or with rights that its caller lacks. */
enum self_exec_role self_exec_open(uint64_t build, enum self_exec_children children, char **argv);

/* Return the arguments of an application without what a process of this executable puts before them
   when it starts the application anew by `[sys.executable, "-u", *sys.argv]`, through a shell or
   another program: options of `python`, and the path of the executable. */
char **self_exec_arguments(char **argv);

/* Treat children as is right for a process of that role, which was started with `argv`. The process
   ends when it is an application that has started itself too often, one inside the other. */
void self_exec_serve(enum self_exec_role role, char **argv);

/* Say whether it is this executable that is to be executed. */
bool self_exec_is_own(const struct execution *execution);

/* Execute, by libc's call. Takes little stack. */
int self_exec_execute(const struct execution *execution);

#endif
