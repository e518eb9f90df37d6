/* Programs that execute themselves. See exec/self_exec.h.

   `execve` may be called in a child that shares its parent's memory (vfork, posix_spawn), several times
   with the same arguments (execvpe), and on a stack that has 600 bytes left. So what is given on is
   prepared in scratch memory, and nothing else is written. */

#include "exec/self_exec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/command_line.h"
#include "exec/handover.h"
#include "exec/nesting.h"
#include "exec/own_file.h"
#include "exec/permission.h"
#include "exec/privilege.h"
#include "exec/process.h"
#include "exec/python_arguments.h"
#include "exec/python_path.h"
#include "exec/scratch.h"
#include "exec/shell.h"
#include "os/os.h"

/* How many processes may run one inside the other. An application whose children are all itself is
   meant to do so. */
#define NESTED_BY_FORM 10
#define NESTED_ALWAYS 100

/* How many words behind a path in a shell's command are looked at. */
#define COMMAND_WORDS_MAX 30

int __real_execve(const char *, char *const[], char *const[]);
int __real_fexecve(int, char *const[], char *const[]);

/* The letters that name roles in the variable; a capital one lets PYTHONPATH have effect. */
static const char letters[] = {
    [SELF_EXEC_APPLICATION] = 'a',
    [SELF_EXEC_PYTHON] = 'p',
    [SELF_EXEC_FREE] = 'f',
};

static bool
equal_arguments(char *const *one, char *const *two)
{
    while (*one != NULL && *two != NULL && strcmp(*one, *two) == 0) {
        one++;
        two++;
    }
    return *one == NULL && *two == NULL;
}

/* Say whether arguments, without the program's name, mean `python` when the application gives them to
   itself. */
static bool
mean_python(char *const arguments[])
{
    return arguments_are_helper(arguments)
           || (process.children == SELF_EXEC_BY_FORM && arguments_are_python(arguments));
}

/* Names the role of a process that runs a script which is inside. */
static const char letter_of_script = 's';

/* A program that starts itself by `[sys.executable, "-u", *sys.argv]` names itself as the script. Return
   the arguments without that. */
static char **
drop_own_name(struct statx *file, char **argv)
{
    bool by_form = process.children == SELF_EXEC_BY_FORM;
    char **word = argv[0] ? argv + 1 + (by_form ? arguments_options(argv + 1) : 0) : argv;

    if (*word == NULL) {
        return argv;
    }
    if ((process.path != NULL && strcmp(*word, process.path) == 0)
        || (strchr(*word, '/') != NULL && own_file_is(file, AT_FDCWD, *word))) {
        *word = argv[0];
        return word;
    }
    return argv;
}

static enum self_exec_role
permitted_role(char role, char *const argv[])
{
    python_path_open(isupper((unsigned char)role) != 0);
    role = (char)tolower((unsigned char)role);
    if (role == letter_of_script) {
        return SELF_EXEC_PYTHON;
    }
    if (role == letters[SELF_EXEC_FREE]) {
        return SELF_EXEC_FREE;
    }
    if (role == letters[SELF_EXEC_PYTHON] && process.children == SELF_EXEC_BY_FORM) {
        return SELF_EXEC_PYTHON;
    }
    return mean_python(argv + 1) ? SELF_EXEC_PYTHON : SELF_EXEC_APPLICATION;
}

/* End a helper of `multiprocessing` that was started without its mark. It would run the application,
   which starts helpers. The kernel replaces the first argument of what an emulator runs, unless
   binfmt_misc is told to preserve it. */
static void
require_mark(char role, char *const argv[])
{
    if (role != '\0' && argv[0] != NULL && arguments_are_helper(argv + 1)) {
        os_die(OS_EXIT_REFUSED,
               "refusing to start: a multiprocessing child lost its first argument; if an emulator runs "
               "this executable, register it in binfmt_misc with the flag P");
    }
}

enum self_exec_role
self_exec_open(uint64_t build, enum self_exec_children children, char **argv)
{
    struct handover told;
    struct permission given;
    const char *path = argv[0] ? permission_read_mark(argv[0], &given) : NULL;

    process_renew();
    told = handover_take(build);
    process.children = children;
    process.is_inherited = told.is_there;
    own_file_open();
    if (path == NULL) {
        require_mark(told.role, argv);
        python_path_open(false);
        return SELF_EXEC_APPLICATION;
    }
    argv[0] += path - argv[0];
    program_invocation_name = argv[0];
    command_line_begin(argv[0]);
    if (privilege_is_raised()) {
        os_die(OS_EXIT_REFUSED, "refusing to run as Python: the process is privileged (setuid, "
                                "setgid or file capabilities)");
    }
    if (told.role == '\0' || !permission_equal(&told.permission, &given)) {
        os_die(OS_EXIT_REFUSED,
               "refusing to run as Python: no OBELISK_* variable of this build in the environment; "
               "pass it on to child processes, and restart if the executable was replaced");
    }
    return permitted_role(told.role, argv);
}

char **
self_exec_arguments(char **argv)
{
    struct statx file;

    return process.is_inherited && process.children == SELF_EXEC_BY_FORM ? drop_own_name(&file, argv) : argv;
}

static void
end_recursion(void)
{
    char text[320];

    snprintf(text, sizeof(text),
             "stopping: the application started itself %zu times, each process from the one before; "
             "to run Python, execute sys.executable directly, or spell out its path in the command: "
             "a shell variable, alias or script hides it",
             nesting_count());
    os_die(OS_EXIT_NESTED, text);
}

void
self_exec_serve(enum self_exec_role role, char **argv)
{
    size_t most = process.children == SELF_EXEC_BY_FORM ? NESTED_BY_FORM : NESTED_ALWAYS;

    if (role == SELF_EXEC_APPLICATION) {
        if (nesting_count() >= most) {
            end_recursion();
        }
        nesting_enter();
    }
    process.role = role;
    scratch_open();
    process.path = argv[0] ? argv[0] : "";
    process.arguments = argv[0] ? argv + 1 : argv;
}

/* What is executed, in scratch memory. */
struct draft {
    char **argv;
    char **envp;
    char *variable;
    char *text; /* of an argument that changes */
    struct handover handover;
    struct statx file;                  /* that a path leads to */
    char *words[COMMAND_WORDS_MAX + 1]; /* of a shell's command */
    char *words_text;
};

/* Make room for arguments of which one changes, and for an environment with one variable more. Returns
   NULL when there is no memory. */
static struct draft *
reserve(char *const argv[], char *const envp[])
{
    size_t arguments = execution_count(argv) + 1;
    size_t variables = execution_count(envp) + 2;
    size_t longest = 0;
    size_t marked;
    struct draft *draft;

    for (size_t i = 0; i + 1 < arguments; i++) {
        size_t size = strlen(argv[i]);
        longest = size > longest ? size : longest;
    }
    /* Each path in a shell's command may get a mark. */
    marked = longest + (longest / strlen(os_executable()) + 1) * PERMISSION_MARK_MAX + 1;
    draft = scratch_reserve(SCRATCH_DRAFT, sizeof(*draft) + (arguments + variables) * sizeof(char *)
                            + HANDOVER_MAX + marked + longest + 1);
    if (draft == NULL) {
        return NULL;
    }
    draft->argv = (char **)(draft + 1);
    draft->envp = draft->argv + arguments;
    draft->variable = (char *)(draft->envp + variables);
    draft->text = draft->variable + HANDOVER_MAX;
    draft->words_text = draft->text + marked;
    memcpy(draft->argv, argv, arguments * sizeof(char *));
    return draft;
}

/* Say whether this process means `python` by arguments that it gives to its executable, and not what
   it was started as. */
static bool
give_python(char *const arguments[])
{
    return mean_python(arguments)
           && (process.role != SELF_EXEC_APPLICATION || !equal_arguments(arguments, process.arguments));
}

/* The same of arguments that reach its executable through another program. */
static bool
pass_for_python(char *const arguments[])
{
    bool option = arguments[0] != NULL && arguments[0][0] == '-';

    return give_python(arguments) || (process.role != SELF_EXEC_APPLICATION && option);
}

/* Mark the path that this executable is executed by, if what it becomes is to be `python`. */
static bool
mark_own(struct draft *draft, bool is_python)
{
    struct permission before;
    const char *path;
    const char *unmarked;

    if (process.role == SELF_EXEC_APPLICATION && !is_python) {
        draft->argv = drop_own_name(&draft->file, draft->argv);
    }
    path = draft->argv[0];
    if (path == NULL
        || (process.role == SELF_EXEC_APPLICATION && !is_python && !give_python(draft->argv + 1))) {
        return false;
    }
    unmarked = permission_read_mark(path, &before); /* libc tried another way before */
    path = unmarked ? unmarked : path;
    strcpy(permission_write_mark(draft->text, &draft->handover.permission, path), path);
    draft->argv[0] = draft->text;
    return true;
}

/* Mark a path that another program may execute with the arguments behind it. */
static bool
mark_argument(struct draft *draft, char *const argv[])
{
    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        if (strchr(argv[i], '/') != NULL && pass_for_python(argv + i + 1)
            && own_file_is(&draft->file, AT_FDCWD, argv[i])) {
            strcpy(permission_write_mark(draft->text, &draft->handover.permission, argv[i]), argv[i]);
            draft->argv[i] = draft->text;
            return true;
        }
    }
    return false;
}

/* Mark each path in a shell's command that is followed by what only `python` takes. */
static bool
mark_command(struct draft *draft, char *const argv[])
{
    const char *path = os_executable();
    size_t place = shell_text(argv);
    const char *rest = place ? argv[place] : "";
    char *end = draft->text;
    bool marked = false;

    for (const char *at = shell_find(rest, path); at != NULL; at = shell_find(rest, path)) {
        memcpy(end, rest, (size_t)(at - rest));
        end += at - rest;
        rest = at + strlen(path);
        shell_split(rest, draft->words_text, draft->words, COMMAND_WORDS_MAX);
        if (pass_for_python(draft->words)) {
            end = permission_write_mark(end, &draft->handover.permission, path);
            marked = true;
        }
        end = stpcpy(end, path);
    }
    strcpy(end, rest);
    if (marked) {
        draft->argv[place] = draft->text;
    }
    return marked;
}

static void
write_environment(struct draft *draft, char *const envp[])
{
    char **into = draft->envp;

    handover_write(draft->variable, &draft->handover);
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        if (!handover_is(envp[i])) {
            *into++ = envp[i];
        }
    }
    *into++ = draft->variable;
    *into = NULL;
}

static int
execute_unchanged(const struct execution *execution, char *const argv[], char *const envp[])
{
    return execution->path[0] ? __real_execve(execution->path, argv, envp)
                              : __real_fexecve(execution->file, argv, envp);
}

/* Return the letter that tells a process of this executable what it is to be. */
static char
role_letter(const struct execution *execution, char *const envp[])
{
    bool is_script = execution->is_python && process.role == SELF_EXEC_APPLICATION;
    char letter = is_script ? letter_of_script : letters[process.role];

    return python_path_is_given(envp) ? (char)toupper((unsigned char)letter) : letter;
}

bool
self_exec_is_own(const struct execution *execution)
{
    struct statx file;

    return process.arguments != NULL && own_file_is(&file, execution->file, execution->path);
}

int
self_exec_execute(const struct execution *execution)
{
    char *const *argv = execution->argv;
    char *const *envp = execution->envp;
    struct execution chosen = *execution;
    struct draft *draft;
    bool random;
    bool marked;

    if (process.arguments == NULL || argv == NULL) {
        return execute_unchanged(execution, argv, envp);
    }
    draft = reserve(argv, envp);
    if (draft == NULL) {
        return -1;
    }
    random = permission_make(&draft->handover.permission);
    if (own_file_is(&draft->file, execution->file, execution->path)) {
        marked = mark_own(draft, execution->is_python);
        if (marked && execution->path[0] != '\0' && own_file_was_replaced(&draft->file)) {
            chosen.path = OWN_FILE; /* a new one would not take this one's permission */
        }
    }
    else {
        marked = mark_command(draft, argv) || mark_argument(draft, argv);
    }
    if (marked && !random) {
        return -1; /* as the application it would start itself again */
    }
    if (!marked && execution_count(envp) == 0) {
        return execute_unchanged(execution, draft->argv, envp); /* somebody wants it empty */
    }
    draft->handover.role = marked ? role_letter(execution, envp) : '\0';
    write_environment(draft, envp);
    return execute_unchanged(&chosen, draft->argv, draft->envp);
}
