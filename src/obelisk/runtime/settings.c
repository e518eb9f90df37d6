/* Looking up what was configured when the executable was built. See settings.h. */

#include "settings.h"

#include <string.h>

#include "os.h"

/* Folder, zero byte, name: the key of a file (payload.h). */
static const char key[] = ".obelisk\0interpreter";

static const char *entries;
static const char *end;

void
settings_open(const struct payload *payload)
{
    const struct payload_record *record
        = payload_find(payload, &payload->files, key, sizeof(key) - 1);

    if (record == NULL && !(payload->options & PAYLOAD_CONFIGURED)) {
        return;
    }
    if (record == NULL || !payload_intact(payload, record) || record->compressed
        || record->stored == 0) {
        os_die(OS_EXIT_DAMAGED, "this executable is damaged: its settings");
    }
    entries = (const char *)payload_bytes(payload, record);
    end = entries + record->stored;
    if (end[-1] != '\0') {
        os_die(OS_EXIT_DAMAGED, "this executable is damaged: its settings");
    }
}

const char *
settings_next(const char *entry)
{
    const char *next = entry ? entry + strlen(entry) + 1 : entries;

    return next != end ? next : NULL;
}

const char *
settings_get(const char *name)
{
    size_t size = strlen(name);

    for (const char *entry = settings_next(NULL); entry != NULL; entry = settings_next(entry)) {
        if (strncmp(entry, name, size) == 0 && entry[size] == '=') {
            return entry + size + 1;
        }
    }
    return NULL;
}

bool
settings_is(const char *name)
{
    const char *value = settings_get(name);

    return value != NULL && strcmp(value, "1") == 0;
}
