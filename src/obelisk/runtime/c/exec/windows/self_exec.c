/* Programs that start themselves. See exec/self_exec.h; what differs from other systems is that only a
   start by this process itself is seen, not one through a shell or another program: there is no path that
   could be spelled in another way. */

#include "exec/self_exec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "exec/python_arguments.h"
#include "exec/python_path.h"
#include "exec/windows/handover.h"
#include "exec/windows/own_file.h"
#include "exec/windows/process.h"
#include "exec/windows/python_path.h"
#include "exec/windows/self_exec.h"
#include "os/os.h"
#include "os/windows/text.h"

/* How many processes may run one inside the other. An application whose children are all itself is
   meant to do so. */
#define NESTED_BY_FORM 10
#define NESTED_ALWAYS PROCESS_MOST

/* The letters that name roles in the variable; a capital one lets PYTHONPATH have effect. */
static const char letters[] = {
    [SELF_EXEC_APPLICATION] = 'a',
    [SELF_EXEC_PYTHON] = 'p',
    [SELF_EXEC_FREE] = 'f',
};

static bool
mean_python(char *const arguments[])
{
    return arguments_are_helper(arguments)
           || (process.children == SELF_EXEC_BY_FORM && arguments_are_python(arguments));
}

static enum self_exec_role
permitted_role(char role, char *const argv[])
{
    python_path_open(isupper((unsigned char)role) != 0);
    role = (char)tolower((unsigned char)role);
    if (role == letters[SELF_EXEC_FREE]) {
        return SELF_EXEC_FREE;
    }
    if (role == letters[SELF_EXEC_PYTHON] && process.children == SELF_EXEC_BY_FORM) {
        return SELF_EXEC_PYTHON;
    }
    return mean_python(argv + 1) ? SELF_EXEC_PYTHON : SELF_EXEC_APPLICATION;
}

enum self_exec_role
self_exec_open(uint64_t build, enum self_exec_children children, char **argv)
{
    struct handover told = handover_take(build);
    struct token given;
    const char *path = argv[0] ? token_read(argv[0], &given) : NULL;

    process.children = children;
    if (path == NULL || *path != '|') {
        python_path_open(false);
        return SELF_EXEC_APPLICATION;
    }
    argv[0] += path + 1 - argv[0];
    if (told.role == '\0' || !token_equal(&told.token, &given)) {
        os_die(OS_EXIT_REFUSED,
               "refusing to run as Python: no OBELISK_* variable of this build in the environment; "
               "pass it on to child processes, and restart if the executable was replaced");
    }
    return permitted_role(told.role, argv);
}

/* A program that starts itself by `[sys.executable, "-u", *sys.argv]` names itself as the script. Return
   the words behind that. */
static char *const *
behind_own_name(char *const *arguments)
{
    bool by_form = process.children == SELF_EXEC_BY_FORM;
    char *const *word = arguments + (by_form ? arguments_options(arguments) : 0);

    return *word != NULL && own_file_is_bytes(*word) ? word + 1 : arguments;
}

char **
self_exec_arguments(char **argv)
{
    char *const *rest = argv[0] && process.is_inherited && process.children == SELF_EXEC_BY_FORM
                            ? behind_own_name(argv + 1)
                            : argv + 1;
    size_t skipped = (size_t)(rest - (argv + 1));

    argv[skipped] = argv[0];
    return argv + skipped;
}

static void
end_recursion(void)
{
    char text[256];

    snprintf(text, sizeof(text),
             "stopping: the application started itself %zu times, each process from the one before; "
             "to run Python, start sys.executable directly, not through a shell or another program",
             process.outer_count);
    os_die(OS_EXIT_NESTED, text);
}

void
self_exec_serve(enum self_exec_role role, char **argv)
{
    size_t most = process.children == SELF_EXEC_BY_FORM ? NESTED_BY_FORM : NESTED_ALWAYS;

    if (role == SELF_EXEC_APPLICATION) {
        if (process.outer_count >= most) {
            end_recursion();
        }
        handover_enter();
    }
    process.role = role;
    process.arguments = argv[0] ? argv + 1 : argv;
    handover_put(&(struct handover){.role = '\0'});
}

bool
self_exec_starts_own(const wchar_t *path)
{
    return process.arguments != NULL && path != NULL && own_file_is(path);
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

/* Return words as bytes, in memory that is to be freed with free_words; NULL when there is none. */
static char **
words_as_bytes(wchar_t *const *words)
{
    size_t count = 0;
    char **bytes;

    while (words[count] != NULL) {
        count++;
    }
    bytes = calloc(count + 1, sizeof(char *));
    for (size_t i = 0; bytes != NULL && i < count; i++) {
        bytes[i] = text_from_wide(words[i]);
        if (bytes[i] == NULL) {
            break; /* the rest is as if it were not there */
        }
    }
    return bytes;
}

static void
free_words(char **words)
{
    for (char **word = words; word != NULL && *word != NULL; word++) {
        free(*word);
    }
    free(words);
}

/* Say whether this process means `python` by words that it gives to its executable, and not what it was
   started as. A `python` starts nothing else. */
static bool
give_python(char *const *arguments)
{
    if (process.role != SELF_EXEC_APPLICATION) {
        return true;
    }
    arguments = behind_own_name(arguments);
    return mean_python(arguments) && !equal_arguments(arguments, process.arguments);
}

static char
role_letter(const wchar_t *environment)
{
    char letter = letters[process.role];

    return python_path_is_set(environment) ? (char)toupper((unsigned char)letter) : letter;
}

bool
self_exec_begin(wchar_t *const *arguments, const wchar_t *environment,
                struct self_exec_start *start)
{
    char **words = words_as_bytes(arguments);
    struct handover handover = {.role = '\0'};
    bool done = words != NULL;

    *start = (struct self_exec_start){.is_python = done && give_python(words)};
    free_words(words);
    if (start->is_python) {
        handover.role = role_letter(environment);
        done = token_make(&handover.token);
        swprintf(start->mark, sizeof(start->mark) / sizeof(wchar_t), L"%hs|", handover.token.text);
    }
    if (done) {
        start->environment = handover_environment(environment, &handover);
    }
    if (start->environment == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    }
    return start->environment != NULL;
}
