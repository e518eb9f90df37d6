/* What this process is: how it was started, by whom, and what it hands on. All of it is here, so that
   one call makes it anew, as a process has to that goes on from another one's memory. */

#ifndef OBELISK_PROCESS_H
#define OBELISK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "exec/nesting.h"
#include "exec/self_exec.h"

enum {
    PROCESS_VARIABLE = sizeof("OBELISK_0123456789abcdef=") - 1, /* characters of the name that hands on */
};

struct process {
    struct statx file;                   /* the executable's; inode 0 when it is gone */
    const char *path;                    /* that it was executed by; NULL before self_exec_serve */
    char *const *arguments;              /* the others; NULL until children are to be treated as any */
    enum self_exec_role role;
    enum self_exec_children children;
    bool is_inherited;                   /* another process of this executable started it */
    bool obeys_python_path;
    bool gives_copies;                   /* to programs that do not see the executable's files */
    char *python_path;                   /* PYTHONPATH as it was at the start, NULL when there was none */
    pid_t outer[NESTING_MOST + 1];       /* the processes that this one runs inside of */
    size_t outer_count;
    char variable[PROCESS_VARIABLE + 1]; /* the name of what is handed on, with its `=` */
};

extern struct process process;

/* Forget what another process was. */
void process_renew(void);

#endif
