/* The executable's main function: protect, open the payload, run Python. */

#include "elf/dso.h"
#include "host/resources.h"
#include "os/os.h"
#include "payload/integrity.h"
#include "payload/payload.h"
#include "payload/settings.h"
#include "python/interp.h"
#include "vfs/mount.h"

#ifdef OBELISK_RECORDING
#include "recording/first_use.h"
#endif
#ifdef OBELISK_SNAPSHOT
#include "snapshot/blocks.h"
#include "snapshot/snapshot.h"
#endif

#include <stdio.h>

/* Called by payload/payload.c. In the name of a file a zero byte stands for the last slash (payload/payload.h). */
__attribute__((noreturn)) static void
die_damaged(const char *wrong, struct payload_span name)
{
    char shown[128] = "";
    char text[256];
    size_t size = name.size < sizeof(shown) ? name.size : sizeof(shown) - 1;

    for (size_t i = 0; i < size; i++) {
        shown[i] = name.start[i] ? name.start[i] : '/';
    }
    snprintf(text, sizeof(text), size ? "corrupt executable: %s in `%s`"
                                      : "corrupt executable: %s",
             wrong, shown + (shown[0] == '/'));
    os_die(OS_EXIT_DAMAGED, text);
}

/* A table that its program header does not lead to would make every object in it seem absent. */
static void
require_objects(const struct payload *payload)
{
    const struct payload_span key = {"objects", 7};

    if (objects_table() == NULL && payload_find(payload, PAYLOAD_CONTROLS, key) != NULL) {
        os_die(OS_EXIT_DAMAGED, "corrupt executable: no table of shared objects");
    }
}

/* With a frame of its own: debuggers are asked for `main`. */
__attribute__((disable_tail_calls)) int
main(int argc, char **argv)
{
    static struct payload payload;
    struct os_span span;

    resources_require_stack();
    os_protect();
    span = os_segment(OS_OBJECTS);
    if (span.base != NULL) {
        objects_open(span.base, span.size);
    }
    span = os_segment(OS_PAYLOAD);
    if (span.base == NULL) {
        os_die(OS_EXIT_DAMAGED, "corrupt executable: no payload");
    }
    payload_open(&payload, span.base, span.size, die_damaged);
    require_objects(&payload);
    settings_open(&payload);
#ifdef OBELISK_RECORDING
    first_use_begin();
#endif
    if (settings_get("integrity") != NULL) {
        integrity_check();
    }
#ifdef OBELISK_SNAPSHOT
    vfs_mount(&payload, SNAPSHOT_ROOT);
    if (snapshot_is_preparing()) {
        blocks_begin();
    }
    else {
        payload_keep_frames(true);
        vfs_alias(os_executable());
    }
    return interp_run(&payload, SNAPSHOT_ROOT, argc, argv);
#else
    payload_keep_frames(true);
    vfs_mount(&payload, os_executable());
    return interp_run(&payload, os_executable(), argc, argv);
#endif
}
