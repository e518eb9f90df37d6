/* The calls that execute a program, in place of libc's: what is executed may be inside the executable
   (exec/programs.h), the executable itself (exec/self_exec.h), or not see what its arguments name (exec/foreign.h). */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "exec/foreign.h"
#include "exec/programs.h"
#include "exec/self_exec.h"
#include "exec/spare_stack.h"
#include "vfs/vfs.h"

int __real_execve(const char *, char *const[], char *const[]);

int __wrap_execve(const char *, char *const[], char *const[]);
int __wrap_fexecve(int, char *const[], char *const[]);

static long
execute_inside(void *execution)
{
    return programs_execute(execution);
}

static long
execute_foreign(void *execution)
{
    return self_exec_is_own(execution) ? self_exec_execute(execution) : foreign_execute(execution);
}

static int
execute(struct execution *execution)
{
    return foreign_is_concerned(execution) ? (int)spare_stack_call(execute_foreign, execution)
                                           : self_exec_execute(execution);
}

int
__wrap_execve(const char *path, char *const argv[], char *const envp[])
{
    struct execution execution = {path, AT_FDCWD, false, argv, envp};

    if (path == NULL || path[0] == '\0') {
        return __real_execve(path, argv, envp);
    }
    if (vfs_begins(path)) {
        return (int)spare_stack_call(execute_inside, &execution);
    }
    execute(&execution);
    /* Links and relative paths lead inside too. */
    return errno == ENOTDIR ? (int)spare_stack_call(execute_inside, &execution) : -1;
}

int
__wrap_fexecve(int file, char *const argv[], char *const envp[])
{
    struct execution execution = {"", file, false, argv, envp};

    return execute(&execution);
}
