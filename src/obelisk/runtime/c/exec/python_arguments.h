/* Whose arguments are these: the application's, or those of `python`? */

#ifndef OBELISK_ARGUMENTS_H
#define OBELISK_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* How a frozen program's multiprocessing starts itself. */
#define ARGUMENTS_FORK "--multiprocessing-fork"

/* Say whether arguments, without the program's name, have the form of
   `[options] (-c code | -m module | - | script)`. A script is below the executable, or is named as one. */
bool arguments_are_python(char *const argv[]);

/* Return how many of them are options of `python` before anything else: `-u`, `-W ignore`. */
size_t arguments_options(char *const argv[]);

/* Say whether a letter is among these options, as `E` is in `-uE` and in `-Ec CODE`. */
bool arguments_have_option(char *const argv[], char letter);

/* Return how many of them name this module to `python`, as `-m NAME` or `-mNAME`, or 0. */
size_t arguments_name_module(char *const argv[], const char *name);

/* Say whether they start a helper of multiprocessing: `--multiprocessing-fork ...`, or code that
   imports from there. */
bool arguments_are_helper(char *const argv[]);

#endif
