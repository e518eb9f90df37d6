/* Looking up what was configured when the executable was built. See payload/settings.h. */

#include "payload/settings.h"

#include <string.h>

static const char *entries;
static const char *end;

void
settings_open(const struct payload *payload)
{
    static const char name[] = "settings";
    const struct payload_span key = {name, sizeof(name) - 1};
    const struct payload_record *record = payload_find(payload, PAYLOAD_CONTROLS, key);
    struct payload_span text;

    if (record == NULL) {
        return;
    }
    text = payload_stored(payload, record);
    if (record->compressed || text.size == 0 || text.start[text.size - 1] != '\0') {
        payload->damaged("malformed record", key);
    }
    entries = text.start;
    end = entries + text.size;
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
