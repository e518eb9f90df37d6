/* Marks a path with a permission given as text, and reads it back; or reads what is no marked path. */

#include "exec/permission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    struct permission given;
    struct permission found;
    char text[PERMISSION_TEXT + 1] = "";
    const char *path;
    char *marked;

    if (argc < 3) {
        path = permission_read_mark(argv[1], &found);
        printf("%s\n", path ? path : "none");
        return 0;
    }
    if (!permission_read_text(argv[1], &given)) {
        printf("not a permission\n");
        return 1;
    }
    marked = malloc(PERMISSION_MARK_MAX + strlen(argv[2]) + 1);
    strcpy(permission_write_mark(marked, &given, argv[2]), argv[2]);
    path = permission_read_mark(marked, &found);
    if (path == NULL || strcmp(path, argv[2]) != 0 || !permission_equal(&given, &found)) {
        return 2;
    }
    permission_write_text(text, &found);
    printf("%s\n%s\n", marked, text);
    free(marked);
    return 0;
}
