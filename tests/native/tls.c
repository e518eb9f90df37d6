/* Thread-local variables, with and without initial values; compiled once for each TLS model. */

_Thread_local long visible[4] = {1, 2, 3, 4};
_Thread_local long nothing[100];
static _Thread_local int counted = 40;
static _Thread_local int zero;
static const char text[] = "pointed to";
static _Thread_local const char *pointer = text;

/* 42 in a thread's first call, one more in each that follows. */
int
count(void)
{
    counted += 1;
    zero += 1;
    return counted + zero;
}

long
sum(void)
{
    visible[3] += 10;
    nothing[99] += 1;
    return visible[0] + visible[1] + visible[2] + visible[3] + nothing[99];
}

const char *
pointed(void)
{
    return pointer;
}
