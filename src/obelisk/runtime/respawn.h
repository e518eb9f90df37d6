/* Programs that start themselves: `[sys.executable, "-c", ...]` is run as `python` would run it.

   The calls that execute a program are linked with --wrap. When the program is this executable and
   the arguments are such as only `python` takes, the new process is told so by a variable, which it
   removes at once. Nobody outside sets it by accident: its value has the number of the process that
   is executed. A shell that is given a command with this executable's path in it is told as well; the
   command then finds the number to be its parent's, or its own. */

#ifndef OBELISK_RESPAWN_H
#define OBELISK_RESPAWN_H

#include <stdbool.h>

/* What a process of this executable is. */
enum respawn_role {
    RESPAWN_APPLICATION, /* the application, as when anybody else starts it */
    RESPAWN_PYTHON,      /* `python` for the application, isolated as that is */
    RESPAWN_FREE,        /* what `EXECUTABLE --python` is, and all that such a process starts */
};

/* When arguments that the application gives to itself are taken as those of `python`. */
enum respawn_children {
    RESPAWN_TELL,  /* by their form: -c, -m, a script; but what this process was given restarts it */
    RESPAWN_NEVER, /* but for helpers of multiprocessing */
};

/* Return what this process was started to be. Asks once: removes the variable that tells. */
enum respawn_role respawn_told(enum respawn_children children, char **argv);

/* Treat children as is right for a process of that role, which was started with `argv`. */
void respawn_serve(enum respawn_role role, char **argv);

#endif
