/* What is to be executed: the arguments of execve and fexecve. */

#ifndef OBELISK_EXECUTION_H
#define OBELISK_EXECUTION_H

#include <stdbool.h>

struct execution {
    const char *path; /* "" for `file` itself */
    int file;         /* an open file, or AT_FDCWD */
    bool is_python;   /* this executable shall be `python`, whatever the arguments look like */
    char *const *argv;
    char *const *envp;
};

#endif
