/* The calls that execute a program, for a program that executes itself. See respawn.h.

   `execve` may be called in a child that shares its parent's memory (vfork, posix_spawn), so it
   allocates nothing and leaves nothing behind; and with posix_spawn on a stack of 5 KiB, so it
   takes little of that. */

#include "respawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"
#include "os.h"
#include "vfs.h"

#define NAME "OBELISK_PYTHON"
#define VARIABLE NAME "="
#define VARIABLE_SIZE (sizeof(VARIABLE) - 1)
#define ROOM VARIABLE "                        " /* for a mark and the digits of a process number */
#define ENTRY_SIZE sizeof(ROOM)

/* Marks, before the number. */
#define PYTHON 'P'
#define FREE 'F'
#define ASK '?' /* the new process sees what its arguments look like */

int __real_execve(const char *, char *const[], char *const[]);
int __real_fexecve(int, char *const[], char *const[]);
int __real_posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *, char *const[], char *const[]);

int __wrap_execve(const char *, char *const[], char *const[]);
int __wrap_fexecve(int, char *const[], char *const[]);
int __wrap_posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *, char *const[], char *const[]);

static enum respawn_children kind_of_children;
static enum respawn_role own_role;
static char **own_argv;
static struct statx own_file;

/* Ask what file is at a path. libc's own call would go through ours, which take 4 KiB of stack. */
static bool
identify(int at, const char *path, struct statx *file)
{
    return syscall(SYS_statx, at, path, AT_EMPTY_PATH, STATX_INO, file) == 0;
}

static bool
equal_arguments(char *const *one, char *const *two)
{
    while (*one != NULL && *two != NULL && strcmp(*one, *two) == 0) {
        one++;
        two++;
    }
    return *one == NULL && *two == NULL;
}

/* Say whether the application means `python` by arguments that it gives to itself. */
static bool
means_python(char *const argv[])
{
    bool restarts = own_argv != NULL && equal_arguments(argv + 1, own_argv + 1);

    if (arguments_are_helper(argv + 1)) {
        return true;
    }
    return kind_of_children == RESPAWN_TELL && !restarts && arguments_are_python(argv + 1);
}

enum respawn_role
respawn_told(enum respawn_children children, char **argv)
{
    const char *value = getenv(NAME);
    char *end = NULL;
    char mark;
    long number;

    kind_of_children = children;
    if (value == NULL) {
        return RESPAWN_APPLICATION;
    }
    mark = value[0];
    number = mark ? strtol(value + 1, &end, 10) : 0;
    if (end == NULL || *end != '\0') {
        number = 0;
    }
    unsetenv(NAME);
    if (number <= 0 || (number != (long)getpid() && number != (long)getppid())) {
        return RESPAWN_APPLICATION;
    }
    if (mark == ASK) {
        mark = means_python(argv) ? PYTHON : 0;
    }
    return mark == FREE ? RESPAWN_FREE : mark == PYTHON ? RESPAWN_PYTHON : RESPAWN_APPLICATION;
}

void
respawn_serve(enum respawn_role role, char **argv)
{
    own_role = role;
    own_argv = argv[0] ? argv : NULL;
    if (!identify(AT_FDCWD, os_executable(), &own_file)) {
        own_file.stx_ino = 0; /* it is gone: no file is it */
    }
}

/* Say whether a path, or a descriptor with the path "", leads to this executable. An executable that
   was replaced while it runs is still known by its path. */
static bool
is_own(int at, const char *path)
{
    struct statx file;

    if (own_argv == NULL || path == NULL) {
        return false;
    }
    return strcmp(path, os_executable()) == 0
           || (identify(at, path, &file) && own_file.stx_ino != 0
               && file.stx_ino == own_file.stx_ino && file.stx_dev_major == own_file.stx_dev_major
               && file.stx_dev_minor == own_file.stx_dev_minor);
}

/* A program that starts itself by `[sys.executable, *sys.argv]` names itself as the script. */
static char *const *
without_own_name(char *const argv[])
{
    bool named = own_role == RESPAWN_APPLICATION && argv[0] != NULL && argv[1] != NULL
                 && (strcmp(argv[1], own_argv[0]) == 0 || strcmp(argv[1], os_executable()) == 0);

    return named ? argv + 1 : argv;
}

/* Return the mark of a process that executes this executable; 0 when it gets none. */
static char
mark_of_own(char *const argv[])
{
    switch (own_role) {
    case RESPAWN_FREE:
        return FREE;
    case RESPAWN_PYTHON:
        return PYTHON;
    case RESPAWN_APPLICATION:
        break;
    }
    return argv[0] != NULL && means_python(argv) ? PYTHON : 0;
}

/* Return the mark of any other process: a shell that may execute this executable
   (`shell -c command`, as of os.system and subprocess's shell=True) gets one. */
static char
mark_of_other(char *const argv[])
{
    bool may = own_argv != NULL && argv != NULL && argv[0] != NULL && argv[1] != NULL
               && argv[2] != NULL && strcmp(argv[1], "-c") == 0
               && strstr(argv[2], os_executable()) != NULL;

    if (!may) {
        return 0;
    }
    return own_role == RESPAWN_FREE ? FREE : own_role == RESPAWN_PYTHON ? PYTHON : ASK;
}

static size_t
count_of(char *const words[])
{
    size_t count = 0;

    while (words != NULL && words[count] != NULL) {
        count++;
    }
    return count;
}

static bool
has_room(char *const envp[])
{
    return envp != NULL && envp[0] != NULL && strcmp(envp[0], ROOM) == 0;
}

/* Write `entry` and then all of `envp` to `into`, which has room for two words more than `envp`. */
static void
put_before(char *entry, char *const envp[], char **into)
{
    size_t count = count_of(envp);

    into[0] = entry;
    if (count > 0) {
        memcpy(into + 1, envp, count * sizeof(*into));
    }
    into[count + 1] = NULL;
}

/* Complete the variable, behind its mark, with the number of this process. */
static void
sign(char entry[ENTRY_SIZE])
{
    char digits[ENTRY_SIZE - VARIABLE_SIZE - 1];
    size_t size = 0;
    char *at = entry + VARIABLE_SIZE + 1;

    for (long number = (long)getpid(); number > 0; number /= 10) {
        digits[size++] = (char)('0' + number % 10);
    }
    while (size > 0) {
        *at++ = digits[--size];
    }
    *at = '\0';
}

typedef int execute_function(const void *what, char *const argv[], char *const envp[]);

static int
execute_path(const void *path, char *const argv[], char *const envp[])
{
    return __real_execve(path, argv, envp);
}

static int
execute_file(const void *file, char *const argv[], char *const envp[])
{
    return __real_fexecve(*(const int *)file, argv, envp);
}

static int
execute_marked(execute_function *execute, const void *what, char *const argv[],
               char *const envp[], char mark)
{
    char entry[ENTRY_SIZE] = VARIABLE;
    char *marked[count_of(envp) + 2];

    entry[VARIABLE_SIZE] = mark;
    sign(entry);
    put_before(entry, envp, marked);
    return execute(what, argv, marked);
}

/* Execute with a mark, if there is one to give. */
static int
execute_as(execute_function *execute, const void *what, char *const argv[], char *const envp[],
           bool own)
{
    char mark;

    if (own) {
        argv = without_own_name(argv);
    }
    mark = own ? mark_of_own(argv) : mark_of_other(argv);
    if (!has_room(envp)) {
        return mark ? execute_marked(execute, what, argv, envp, mark)
                    : execute(what, argv, envp);
    }
    /* By posix_spawn below, which left room for a mark and the number that only the child knows. */
    if (mark == 0) {
        return execute(what, argv, envp + 1);
    }
    envp[0][VARIABLE_SIZE] = mark;
    sign(envp[0]);
    return execute(what, argv, envp);
}

int
__wrap_execve(const char *path, char *const argv[], char *const envp[])
{
    if (vfs_begins(path)) {
        return vfs_fail(EACCES); /* a file that only this process sees */
    }
    return execute_as(execute_path, path, argv, envp, argv != NULL && is_own(AT_FDCWD, path));
}

int
__wrap_fexecve(int file, char *const argv[], char *const envp[])
{
    return execute_as(execute_file, &file, argv, envp, argv != NULL && is_own(file, ""));
}

/* posix_spawnp comes here too. The child has a small stack, without room for another environment: it
   gets one with room for a mark. */
int
__wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    char entry[ENTRY_SIZE] = ROOM;
    char **marked = calloc(count_of(envp) + 2, sizeof(*marked));
    int error;

    if (marked == NULL) {
        return ENOMEM;
    }
    put_before(entry, envp, marked);
    error = __real_posix_spawn(pid, path, actions, attributes, argv, marked);
    free(marked);
    return error;
}
