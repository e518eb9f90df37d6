/* Prints all settings of a payload's file, and one by its name: `settings_check FILE NAME`. */

#include "payload/payload.h"
#include "payload/settings.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((noreturn)) static void
on_damage(const char *wrong, struct payload_span name)
{
    fprintf(stderr, "%s in %.*s", wrong, (int)name.size, name.start);
    exit(74);
}

int
main(int argc, char **argv)
{
    static unsigned char bytes[1 << 20];
    struct payload payload;
    FILE *stream = argc > 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = stream ? fread(bytes, 1, sizeof(bytes), stream) : 0;
    const char *value;

    if (stream != NULL) {
        fclose(stream);
    }
    payload_open(&payload, bytes, size, on_damage);
    settings_open(&payload);
    for (const char *entry = settings_next(NULL); entry != NULL; entry = settings_next(entry)) {
        printf("%s;", entry);
    }
    value = settings_get(argv[2]);
    printf(" %s %d", value ? value : "none", settings_is(argv[2]));
    return 0;
}
