/* Says what key_bindings.c gives to libedit for its own arguments; with a number, of so many lines made
   of anything. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

int __real_rl_parse_and_bind(const char *line);
int __wrap_rl_parse_and_bind(const char *line);

static int speaks;
static size_t read_bytes;

int
__real_rl_parse_and_bind(const char *line)
{
    read_bytes += strlen(line);
    if (speaks) {
        puts(line);
    }
    return 0;
}

static void
bind_anything(void)
{
    static const char *const pieces[] = {
        "\"",  "\\",  "\\C-", "\\M-", "\\e",       "tab",    ":",    ": complete", " ", "control-", "C-",
        "m-",  "'",   "#",    "\\7",  "\\377",     "a",      "\t",   "set ",       "set editing-mode ",
        "vi",  "xxxxxxxxxxxxxxxxxxxxxxxx", "\\\"", "yank", "\xc3\xa9",
    };
    char line[1024] = "";
    char *copy;

    for (size_t count = below(30); count > 0; count--) {
        strcat(line, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
    }
    copy = strdup(line); /* exactly as large as it is, for the sanitizer */
    __wrap_rl_parse_and_bind(copy);
    free(copy);
}

int
main(int argc, char **argv)
{
    long lines = argc == 2 ? atol(argv[1]) : 0;

    speaks = lines == 0;
    for (long i = 0; i < lines; i++) {
        bind_anything();
    }
    for (int i = 1; speaks && i < argc; i++) {
        __wrap_rl_parse_and_bind(argv[i]);
    }
    if (!speaks) {
        printf("%zu\n", read_bytes);
    }
    return 0;
}
