/* The arguments that the application sees: as a console script of an installation would. */

#ifndef OBELISK_APPLICATION_ARGUMENTS_H
#define OBELISK_APPLICATION_ARGUMENTS_H

#include <stdbool.h>

/* Return the arguments without those that name the application to a `python`: its own path behind
   options of `python`, when it started itself anew, and `-m` with its own main module. Both belong to
   the application when it is `never_python`. The first one is a path wherever it was looked up. */
char **application_arguments(char **argv, bool never_python);

#endif
