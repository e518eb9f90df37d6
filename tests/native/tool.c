/* A program that prints its arguments, a variable and what it takes for its own file. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    char own[200];
    ssize_t size = readlink("/proc/self/exe", own, sizeof(own));

    for (int i = 0; i < argc; i++) {
        printf("%s ", argv[i]);
    }
    printf("A=%s %.*s\n", getenv("A") ? getenv("A") : "", size > 0 ? (int)size : 0, own);
    return 0;
}
