/* Where a Windows process begins: its arguments as bytes for the shared main function. */

#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "os/windows/text.h"

int main(int argc, char **argv);
int wmain(int argc, wchar_t **argv);

/* A program that was looked up in PATH is named by its path, as where scripts of packages are installed. */
static const char *
own_name(const char *given)
{
    return strpbrk(given, "\\/:") != NULL ? given : os_executable();
}

int
wmain(int argc, wchar_t **argv)
{
    char **arguments = calloc((size_t)argc + 2, sizeof(char *));

    for (int i = 0; arguments != NULL && i < argc; i++) {
        arguments[i] = text_from_wide(argv[i]);
        if (arguments[i] == NULL) {
            arguments = NULL;
        }
    }
    if (arguments == NULL) {
        os_die(OS_EXIT_FAILED, "cannot read its arguments: out of memory");
    }
    if (argc == 0) { /* an empty command line */
        arguments[argc++] = strdup(os_executable());
    }
    else if (own_name(arguments[0]) != arguments[0]) {
        arguments[0] = strdup(os_executable());
    }
    return main(argc, arguments);
}
