/* The application's main program, in `__main__`. */

#ifndef OBELISK_MAIN_PROGRAM_H
#define OBELISK_MAIN_PROGRAM_H

/* Run it, end Python, and return the exit status of the process: what Py_RunMain does for a script.
   Debuggers see which thread runs it. */
int main_program_run(void);

#endif
