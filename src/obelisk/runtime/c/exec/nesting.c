/* The processes of this executable that run one inside the other. See exec/nesting.h. */

#include "exec/nesting.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/process.h"

/* Say whether a process ended but is still known by its number, as to a first process of a container
   that waits for none. Not known without /proc. */
static bool
is_zombie(pid_t number)
{
    char text[128];
    const char *state;
    ssize_t size;
    int file;

    snprintf(text, sizeof(text), "/proc/%ld/stat", (long)number);
    file = open(text, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    size = read(file, text, sizeof(text) - 1);
    close(file);
    text[size > 0 ? size : 0] = '\0';
    state = strrchr(text, ')');
    return state != NULL && strncmp(state, ") Z", 3) == 0;
}

static bool
is_running(pid_t number)
{
    return (kill(number, 0) == 0 || errno == EPERM) && !is_zombie(number);
}

void
nesting_read(const char *text)
{
    while (*text >= '1' && *text <= '9' && process.outer_count < NESTING_MOST) {
        char *end;
        long number = strtol(text, &end, 10);

        if (number > 0 && number == (pid_t)number && number != getpid()
            && is_running((pid_t)number)) {
            process.outer[process.outer_count++] = (pid_t)number;
        }
        text = end + (*end == '.');
    }
}

size_t
nesting_count(void)
{
    return process.outer_count;
}

void
nesting_enter(void)
{
    process.outer[process.outer_count++] = getpid();
}

char *
nesting_write(char *into)
{
    for (size_t i = 0; i < process.outer_count; i++) {
        char digits[sizeof("-2147483648")];
        size_t size = 0;

        if (i > 0) {
            *into++ = '.';
        }
        for (pid_t rest = process.outer[i]; rest > 0; rest /= 10) {
            digits[size++] = (char)('0' + rest % 10);
        }
        while (size > 0) {
            *into++ = digits[--size];
        }
    }
    return into;
}
