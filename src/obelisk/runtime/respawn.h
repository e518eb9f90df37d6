/* Programs that start themselves: `[sys.executable, "-c", ...]` is run as `python` would run it.

   The calls that execute a program are linked with --wrap. When the program is this executable and
   the arguments are such as only `python` takes, the new process is told so by a variable, which it
   removes at once. Nothing else that is started sees it, and nobody outside can set it by accident:
   its value is the number of the new process. */

#ifndef OBELISK_RESPAWN_H
#define OBELISK_RESPAWN_H

#include <stdbool.h>

/* When arguments that this executable gives to itself are taken as those of `python`. */
enum respawn_children {
    RESPAWN_TELL,        /* by their form: -c, -m, a script; what this process was given restarts it */
    RESPAWN_APPLICATION, /* never, but for helpers of multiprocessing */
    RESPAWN_PYTHON,      /* always */
};

/* Say whether this process was started by this very executable to be `python`. Asks once: removes
   the variable that tells. */
bool respawn_was_python(void);

/* Treat children so from now on; `argv` is what this process was started with. */
void respawn_serve(enum respawn_children children, char **argv);

#endif
