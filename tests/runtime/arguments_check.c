/* Says what arguments.c makes of its own arguments: `python`, `helper`, both or nothing. */

#include "exec/python_arguments.h"
#include "vfs/vfs.h"

#include <stdio.h>
#include <string.h>

bool
vfs_begins(const char *name)
{
    return strncmp(name, "/app/", 5) == 0;
}

int
main(int argc, char **argv)
{
    (void)argc;
    printf("%s%s", arguments_are_python(argv + 1) ? "python " : "",
           arguments_are_helper(argv + 1) ? "helper" : "");
    return 0;
}
