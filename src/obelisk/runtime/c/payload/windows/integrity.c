/* Checking all that was built in, before anything of it is used. See payload/integrity.h.

   The file as a whole has no digest of its own here: a signature, which may be added later and changes
   the file's headers, is the system's way to say that it is as it was. So what is checked is the payload:
   every record, and what is stored for it. */

#include "payload/integrity.h"

#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "payload/payload.h"

/* Where the header of a payload has its hash, which depends on where everything in it stands (payload.c). */
#define HEADER_CHECK 88

uint64_t
integrity_build(void)
{
    struct os_span span = os_segment(OS_PAYLOAD);
    uint64_t number = 0;

    if (span.size >= HEADER_CHECK + sizeof(number)) {
        memcpy(&number, (const char *)span.base + HEADER_CHECK, sizeof(number));
    }
    return number;
}

/* In the name of a file a zero byte stands for the last slash (payload/payload.h). */
__attribute__((noreturn)) static void
die_damaged(const char *wrong, struct payload_span name)
{
    char shown[128] = "";
    char text[256];
    size_t size = name.size < sizeof(shown) ? name.size : sizeof(shown) - 1;

    for (size_t i = 0; i < size; i++) {
        shown[i] = name.start[i] ? name.start[i] : '/';
    }
    snprintf(text, sizeof(text), size ? "corrupt executable: %s in `%s`" : "corrupt executable: %s",
             wrong, shown + (shown[0] == '/'));
    os_die(OS_EXIT_DAMAGED, text);
}

void
integrity_check(void)
{
    struct os_span span = os_segment(OS_PAYLOAD);
    struct payload payload;

    payload_open(&payload, span.base, span.size, die_damaged);
    for (enum payload_table table = PAYLOAD_MODULES; table < PAYLOAD_TABLES; table++) {
        for (uint32_t i = 0; i < payload_count(&payload, table); i++) {
            payload_stored(&payload, payload_at(&payload, table, i));
        }
    }
}
