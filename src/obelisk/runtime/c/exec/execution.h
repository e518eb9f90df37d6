/* What is to be executed: the arguments of execve and fexecve. */

#ifndef OBELISK_EXECUTION_H
#define OBELISK_EXECUTION_H

#include <stdbool.h>
#include <stddef.h>

struct execution {
    const char *path; /* "" for `file` itself */
    int file;         /* an open file, or AT_FDCWD */
    bool is_python;   /* this executable shall be `python`, whatever the arguments look like */
    char *const *argv;
    char *const *envp;
};

/* Return how many words a list has, which may be NULL. */
static inline size_t
execution_count(char *const words[])
{
    size_t count = 0;

    while (words != NULL && words[count] != NULL) {
        count++;
    }
    return count;
}

#endif
