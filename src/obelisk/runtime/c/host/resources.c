/* Limits of resources that leave Python too little to start. See host/resources.h. */

#include "host/resources.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/os.h"

#define STACK_MIN (96 << 10) /* of which CPython keeps a third for what follows RecursionError */

/* Return how much the main stack may still grow. It ends behind the program's name. */
static size_t
stack_left(void)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    struct rlimit limit;
    size_t used;

    if (name == NULL || getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return SIZE_MAX;
    }
    used = (uintptr_t)name + strlen(name) - here;
    return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

void
resources_require_stack(void)
{
    static char message[] = ": stack too small to run Python; raise its limit with `ulimit -s`\n";
    struct iovec line[] = {
        {program_invocation_name, strlen(program_invocation_name)},
        {message, sizeof(message) - 1},
    };

    if (stack_left() >= STACK_MIN) {
        return;
    }
    if (writev(STDERR_FILENO, line, 2) < 0) {
        /* nobody listens */
    }
    _exit(OS_EXIT_FAILED);
}

bool
resources_describe_limit(char *text, size_t size)
{
    static const struct {
        int resource;
        const char *what;
        const char *option;
    } limits[] = {
        {RLIMIT_AS, "address space", "-v"},
        {RLIMIT_DATA, "memory", "-d"},
    };
    struct rlimit limit;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (getrlimit(limits[i].resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
            snprintf(text, size, "its %s is limited to %llu KiB (ulimit %s)", limits[i].what,
                     (unsigned long long)limit.rlim_cur / 1024, limits[i].option);
            return true;
        }
    }
    return false;
}
