/* A library with more zeros than anything else: they take no bytes of an executable. */

#include <stddef.h>

#define SIZE (8 << 20)

long zeros_sum(void);
void zeros_fill(void);

static unsigned char zeros[SIZE];
static const char *const words[] = {"relocated"};

long
zeros_sum(void)
{
    long sum = words[0][0] == 'r' ? 0 : -1;

    for (size_t i = 0; i < SIZE; i++) {
        sum += zeros[i];
    }
    return sum;
}

void
zeros_fill(void)
{
    for (size_t i = 0; i < SIZE; i++) {
        zeros[i] = 1;
    }
}
