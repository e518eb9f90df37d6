/* Says where shell.c finds the first argument in the shell's command among the others, and what words
   follow there: a line for each place. */

#include "exec/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    size_t place = shell_text(argv + 2);
    const char *text = place ? argv[place + 2] : "";
    char *into = malloc(strlen(text) + 1);
    char *words[4];

    (void)argc;
    for (const char *at = shell_find(text, argv[1]); at != NULL;
         at = shell_find(at + strlen(argv[1]), argv[1])) {
        shell_split(at + strlen(argv[1]), into, words, 3);
        for (char **word = words; *word != NULL; word++) {
            printf("[%s]", *word);
        }
        printf("\n");
    }
    free(into);
    return 0;
}
