/* The calls that execute a program, for a program that executes itself. See respawn.h.

   `execve` may be called in a child that shares its parent's memory (vfork, posix_spawn), so it
   allocates nothing and leaves nothing behind; and with posix_spawn on a stack of 5 KiB, so it
   takes little of that. */

#include "respawn.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "vfs.h"

#define VARIABLE "OBELISK_PYTHON="
#define VARIABLE_SIZE (sizeof(VARIABLE) - 1)
#define ENTRY_SIZE (VARIABLE_SIZE + 24) /* with the digits of a process number */

int __real_execve(const char *, char *const[], char *const[]);
int __real_posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *, char *const[], char *const[]);

int __wrap_execve(const char *, char *const[], char *const[]);
int __wrap_posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *, char *const[], char *const[]);

static enum respawn_children served;
static char **own_argv;

bool
respawn_was_python(void)
{
    char name[VARIABLE_SIZE];
    const char *value;
    bool told;

    memcpy(name, VARIABLE, VARIABLE_SIZE - 1);
    name[VARIABLE_SIZE - 1] = '\0';
    value = getenv(name);
    if (value == NULL) {
        return false;
    }
    told = strtol(value, NULL, 10) == (long)getpid();
    unsetenv(name);
    return told;
}

void
respawn_serve(enum respawn_children children, char **argv)
{
    served = children;
    own_argv = argv;
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

/* Options of `python` that take no value, each a letter. */
static bool
is_flag(char letter)
{
    return strchr("bBdEhiIOPqRsSuvVx?", letter) != NULL;
}

/* Return what a group of short options leads to: 'c' or 'm' where code is named, 'W' where a value
   follows as the next argument, ' ' where the options go on, 0 where no python takes it. */
static char
read_options(const char *group)
{
    while (*group != '\0' && is_flag(*group)) {
        group++;
    }
    switch (*group) {
    case '\0':
        return ' ';
    case 'c':
    case 'm':
        return *group;
    case 'W':
    case 'X':
        return group[1] ? ' ' : 'W';
    default:
        return '\0';
    }
}

static bool
is_script(const char *name)
{
    const char *suffix = strrchr(name, '.');

    return vfs_begins(name)
           || (suffix != NULL
               && (strcmp(suffix, ".py") == 0 || strcmp(suffix, ".pyc") == 0
                   || strcmp(suffix, ".pyz") == 0));
}

/* Say whether arguments have the form of `[options] (-c code | -m module | - | script)`. */
static bool
look_like_python(char *const argv[])
{
    for (char *const *at = argv; *at != NULL; at++) {
        const char *word = *at;
        char kind;

        if (word[0] != '-') {
            return is_script(word);
        }
        if (word[1] == '\0') {
            return true;
        }
        kind = read_options(word + 1);
        if (kind == 'c' || kind == 'm') {
            return word[2] != '\0' || at[1] != NULL;
        }
        if (kind == '\0' || (kind == 'W' && *++at == NULL)) {
            return false;
        }
    }
    return false;
}

/* multiprocessing's helpers: `--multiprocessing-fork ...` or `-c "from multiprocessing..."`. */
static bool
is_multiprocessing(char *const argv[])
{
    if (argv[0] != NULL && strcmp(argv[0], "--multiprocessing-fork") == 0) {
        return true;
    }
    for (; argv[0] != NULL && argv[1] != NULL; argv++) {
        if (strcmp(argv[0], "-c") == 0) {
            const char *code = argv[1];
            code += strncmp(code, "import sys; ", 12) == 0 ? 12 : 0;
            return strncmp(code, "from multiprocessing.", 21) == 0;
        }
    }
    return false;
}

static bool
becomes_python(char *const argv[])
{
    if (served == RESPAWN_PYTHON || is_multiprocessing(argv + 1)) {
        return true;
    }
    return served == RESPAWN_TELL && !equal_arguments(argv + 1, own_argv + 1)
           && look_like_python(argv + 1);
}

static bool
is_own(const char *path, char *const argv[])
{
    return own_argv != NULL && path != NULL && argv != NULL && argv[0] != NULL
           && strcmp(path, os_executable()) == 0;
}

/* A program that starts itself by `[sys.executable, *sys.argv]` names itself as the script. */
static char *const *
without_own_name(char *const argv[])
{
    bool named = served == RESPAWN_TELL && argv[1] != NULL
                 && (strcmp(argv[1], own_argv[0]) == 0 || strcmp(argv[1], os_executable()) == 0);

    return named ? argv + 1 : argv;
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
is_marked(char *const envp[])
{
    return envp != NULL && envp[0] != NULL && strncmp(envp[0], VARIABLE, VARIABLE_SIZE) == 0;
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

/* Complete the variable with the number of this process. */
static void
sign(char entry[ENTRY_SIZE])
{
    char digits[ENTRY_SIZE - VARIABLE_SIZE];
    size_t size = 0;
    char *at = entry + VARIABLE_SIZE;

    for (long number = (long)getpid(); number > 0; number /= 10) {
        digits[size++] = (char)('0' + number % 10);
    }
    while (size > 0) {
        *at++ = digits[--size];
    }
    *at = '\0';
}

static int
execute_marked(const char *path, char *const argv[], char *const envp[])
{
    char entry[ENTRY_SIZE] = VARIABLE;
    char *marked[count_of(envp) + 2];

    sign(entry);
    put_before(entry, envp, marked);
    return __real_execve(path, argv, marked);
}

int
__wrap_execve(const char *path, char *const argv[], char *const envp[])
{
    if (vfs_begins(path)) {
        return vfs_fail(EACCES); /* a file that only this process sees */
    }
    if (!is_own(path, argv)) {
        return __real_execve(path, argv, envp);
    }
    if (is_marked(envp)) {
        /* By posix_spawn below, which left room for the number that only the child knows. */
        sign(envp[0]);
        return __real_execve(path, argv, envp);
    }
    argv = without_own_name(argv);
    if (becomes_python(argv)) {
        return execute_marked(path, argv, envp);
    }
    return __real_execve(path, argv, envp);
}

/* The child of musl's posix_spawn has a small stack, without room for another environment. */
int
__wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    char entry[ENTRY_SIZE] = VARIABLE;
    char **marked;
    int error;

    if (!is_own(path, argv) || is_marked(envp) || !becomes_python(without_own_name(argv))) {
        return __real_posix_spawn(pid, path, actions, attributes, argv, envp);
    }
    marked = calloc(count_of(envp) + 2, sizeof(*marked));
    if (marked == NULL) {
        return ENOMEM;
    }
    put_before(entry, envp, marked);
    error = __real_posix_spawn(pid, path, actions, attributes, without_own_name(argv), marked);
    free(marked);
    return error;
}
