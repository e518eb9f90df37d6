/* Signals. See snapshot/signals.h. Handlers are where they were: the executable is at its address. */

#include "snapshot/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

static struct sigaction first[NSIG];
static struct sigaction changed[NSIG];
static bool is_changed[NSIG];
static stack_t stack;

void
signals_begin(void)
{
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, NULL, &first[number]); /* those that libc has for itself stay zero */
    }
}

static bool
is_equal(const struct sigaction *one, const struct sigaction *other)
{
    return one->sa_handler == other->sa_handler && one->sa_flags == other->sa_flags
           && memcmp(&one->sa_mask, &other->sa_mask, sizeof(one->sa_mask)) == 0;
}

void
signals_end(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction last;

        if (sigaction(number, NULL, &last) == 0 && !is_equal(&first[number], &last)) {
            is_changed[number] = true;
            changed[number] = last;
        }
    }
    memset(first, 0, sizeof(first));
    sigaltstack(NULL, &stack);
}

void
signals_renew(void)
{
    for (int number = 1; number < NSIG; number++) {
        if (is_changed[number]) {
            sigaction(number, &changed[number], NULL);
        }
    }
    if (stack.ss_sp != NULL && (stack.ss_flags & SS_DISABLE) == 0) {
        sigaltstack(&stack, NULL);
    }
}
