/* What the compiler adds to every function: `frame` jumps over its guard page, `left` reads what
   nobody wrote. Prints what came of it; a stack that is probed ends `frame` with SIGSEGV. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define STACK (64 << 10)
#define GUARD (4 << 10)
#define BELOW (1 << 20)

static __attribute__((noinline)) void
jump(void)
{
    char large[STACK + GUARD + (BELOW / 2)];

    __asm__ volatile("" : : "r"(large) : "memory"); /* it may not be optimised away */
    large[0] = 1;                                   /* only the far end is touched */
    __asm__ volatile("" : : "r"(large) : "memory");
}

static void *
run(void *unused)
{
    jump();
    return unused;
}

static int
frame(void)
{
    size_t size = BELOW + GUARD + STACK;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;

    mprotect(memory + BELOW, GUARD, PROT_NONE);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, memory + BELOW + GUARD, STACK);
    pthread_create(&thread, &attributes, run, NULL);
    pthread_join(thread, NULL);
    return puts(memchr(memory, 1, BELOW) ? "written below the guard" : "nothing written");
}

static __attribute__((noinline)) void
leave(void)
{
    volatile char words[64];

    for (size_t i = 0; i < sizeof(words); i++) {
        words[i] = 'x';
    }
}

static __attribute__((noinline)) int
left(void)
{
    volatile char words[64];

    return words[32];
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "frame") == 0) {
        return frame() < 0;
    }
    leave();
    printf("%d\n", left());
    return 0;
}
