/* Takes the variable of build 1 from its environment; says what it told, what is handed on, and what
   else the environment holds. */

#include "exec/handover.h"

#include <stdio.h>

extern char **environ;

int
main(void)
{
    struct handover handover = handover_take(1);
    char text[HANDOVER_MAX];

    printf("%c %zu\n", handover.role ? handover.role : '-', nesting_count());
    handover_write(text, &handover);
    printf("%s\n", text);
    nesting_enter();
    handover.role = '\0';
    handover_write(text, &handover);
    printf("%s\n", text);
    for (char **entry = environ; *entry != NULL; entry++) {
        printf("%s\n", *entry);
    }
    return 0;
}
