/* Prints the words of the processor's features as they are, and as they are where a snapshot is made; then the
   name of the processor that is seen there, and how the process ends that reads where nothing is. */

#include "snapshot/machine.h"

#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void
show(void)
{
    uint32_t words[SNAPSHOT_WORDS];

    machine_features(words);
    for (int i = 0; i < SNAPSHOT_WORDS; i++) {
        printf("%x ", words[i]);
    }
    printf("\n");
}

int
main(void)
{
    uint32_t most = 0;
    uint32_t name[3];
    int status = 0;
    pid_t child;

    show();
    machine_hide_features();
    if (!machine_hides_features()) {
        printf("not here\n");
        return 0;
    }
    show();
    __cpuid(0, most, name[0], name[2], name[1]);
    printf("%.12s %u\n", (const char *)name, most);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        show(); /* in a child too */
        fflush(stdout);
        *(volatile int *)(most - 13UL) = 1;
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return 1;
    }
    printf("%d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return 0;
}
