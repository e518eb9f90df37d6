/* The executable's main function: protect, open the payload, run Python. */

#include "interp.h"
#include "objects.h"
#include "os.h"
#include "payload.h"
#include "settings.h"
#include "vfs.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
    static struct payload payload;
    char text[128];
    struct os_span span;
    const char *wrong;

    os_protect();
    span = os_segment(OS_OBJECTS);
    if (span.base != NULL && !objects_open(span.base, span.size)) {
        os_die(OS_EXIT_DAMAGED, "this executable is damaged: its table of shared objects");
    }
    span = os_segment(OS_PAYLOAD);
    if (span.base == NULL) {
        os_die(OS_EXIT_DAMAGED, "this is a runtime without an application in it");
    }
    wrong = payload_open(&payload, span.base, span.size);
    if (wrong != NULL) {
        snprintf(text, sizeof(text), "this executable is damaged: %s", wrong);
        os_die(OS_EXIT_DAMAGED, text);
    }
    settings_open(&payload);
    vfs_mount(&payload, os_executable());
    return interp_run(&payload, os_executable(), argc, argv);
}
