/* What this process is: how it was started, by whom, and what it hands on. */

#ifndef OBELISK_WINDOWS_PROCESS_H
#define OBELISK_WINDOWS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "exec/self_exec.h"

enum {
    PROCESS_MOST = 100,                                          /* processes one inside the other */
    PROCESS_VARIABLE = sizeof("OBELISK_0123456789abcdef=") - 1,  /* characters of its name and `=` */
    PROCESS_HANDED_MAX = PROCESS_VARIABLE + PROCESS_MOST * 11 + 64,
};

struct process {
    enum self_exec_role role;
    enum self_exec_children children;
    char *const *arguments; /* without the program's name; NULL before self_exec_serve */
    bool is_inherited;      /* another process of this executable started it */
    bool obeys_python_path;
    wchar_t *python_path;   /* PYTHONPATH as it was at the start, NULL when there was none */
    size_t outer_count;
    unsigned long outer[PROCESS_MOST + 1]; /* the processes that this one runs inside of */
    char variable[PROCESS_VARIABLE + 1];   /* the name of what is handed on, with its `=` */
};

extern struct process process;

#endif
