/* Telling whose arguments a command line has, by their form. See exec/python_arguments.h. */

#include "exec/python_arguments.h"

#include <string.h>

#include "vfs/mount.h"

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

bool
arguments_are_python(char *const argv[])
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

size_t
arguments_options(char *const argv[])
{
    size_t count = 0;

    while (argv[count] != NULL && argv[count][0] == '-' && argv[count][1] != '\0') {
        char kind = read_options(argv[count] + 1);

        if ((kind != ' ' && kind != 'W') || (kind == 'W' && argv[count + 1] == NULL)) {
            break;
        }
        count += kind == 'W' ? 2 : 1;
    }
    return count;
}

bool
arguments_have_option(char *const argv[], char letter)
{
    size_t count = arguments_options(argv);

    /* The word behind them may have some too, as `-Ec`. */
    for (size_t i = 0; i <= count && argv[i] != NULL && argv[i][0] == '-'; i++) {
        const char *flag = argv[i] + 1;

        for (; *flag != '\0' && is_flag(*flag); flag++) {
            if (*flag == letter) {
                return true;
            }
        }
        i += (*flag == 'W' || *flag == 'X') && flag[1] == '\0'; /* their value */
    }
    return false;
}

size_t
arguments_name_module(char *const argv[], const char *name)
{
    if (argv[0] == NULL || strncmp(argv[0], "-m", 2) != 0) {
        return 0;
    }
    if (argv[0][2] != '\0') {
        return strcmp(argv[0] + 2, name) == 0 ? 1 : 0;
    }
    return argv[1] != NULL && strcmp(argv[1], name) == 0 ? 2 : 0;
}

bool
arguments_are_helper(char *const argv[])
{
    if (argv[0] == NULL || argv[0][0] != '-') {
        return false; /* at once: many arguments are asked about */
    }
    if (strcmp(argv[0], ARGUMENTS_FORK) == 0) {
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
