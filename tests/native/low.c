/* A library that another needs: the order of constructors and destructors, and symbols. */

#include <stdio.h>

void low_hello(void);
int which(void);

__attribute__((constructor)) static void
begin(void)
{
    puts("low begins");
    fflush(stdout);
}

__attribute__((destructor)) static void
end(void)
{
    puts("low ends");
    fflush(stdout);
}

void
low_hello(void)
{
    puts("low says hello");
    fflush(stdout);
}

int
which(void)
{
    return 1;
}
