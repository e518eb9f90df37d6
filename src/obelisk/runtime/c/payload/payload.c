/* Reading the payload. See payload/payload.h and docs/reference/payload.md. */

#include "payload/payload.h"

#include <stdatomic.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef OBELISK_RECORDING
payload_watcher payload_watch;
#define note_use(payload, record) (payload_watch ? payload_watch(payload, record) : (void)0)
#else
#define note_use(payload, record) ((void)0)
#endif

#define VERSION 6

static const struct payload_span nameless = {"", 0};

/* What frames refer to: the names of control records, and where the content of each was found intact. */
static const struct payload_span dictionary_names[] = {
    [PAYLOAD_REFERS_CODE] = {"dictionary.code", 15},
    [PAYLOAD_REFERS_TEXT] = {"dictionary.text", 15},
};
static _Atomic(const struct payload_record *) dictionaries[PAYLOAD_REFERS_TEXT + 1];

static const char magic[] = "\x89OBELISK\r\n\x1a\n";

struct header {
    uint8_t magic[12];
    uint32_t version;
    uint64_t size;
    uint64_t names;
    uint64_t names_size;
    struct {
        uint64_t offset;
        uint64_t count;
    } tables[PAYLOAD_TABLES];
    uint64_t check; /* XXH64 of all that precedes it */
};

_Static_assert(sizeof(struct payload_record) == 64, "records are written with 64 bytes");
_Static_assert(sizeof(struct header) == 96, "the header is written with 96 bytes");

/* The one bounds check: do `size` bytes at `offset` lie within `whole`? */
static bool
within(uint64_t offset, uint64_t size, uint64_t whole)
{
    return offset <= whole && size <= whole - offset;
}

/* Returns NULL, or what is wrong. */
static const char *
check_header(const struct header *header, uint64_t available)
{
    const size_t record = sizeof(struct payload_record);

    if (available < sizeof(*header)) {
        return "truncated payload";
    }
    if (memcmp(header->magic, magic, sizeof(header->magic)) != 0
        || XXH64(header, offsetof(struct header, check), 0) != header->check) {
        return "checksum mismatch in the payload's header";
    }
    if (header->version != VERSION) {
        return "unsupported payload version";
    }
    for (int i = 0; i < PAYLOAD_TABLES; i++) {
        uint64_t count = header->tables[i].count;
        if (header->tables[i].offset % sizeof(uint64_t) != 0 || count > UINT32_MAX
            || !within(header->tables[i].offset, count * record, header->size)) {
            return "truncated payload";
        }
    }
    if (header->size > available || !within(header->names, header->names_size, header->size)) {
        return "truncated payload";
    }
    return NULL;
}

void
payload_open(struct payload *payload, const void *base, uint64_t available,
             payload_damaged *damaged)
{
    const struct header *header = base;
    const char *wrong = check_header(header, available);

    if (wrong != NULL) {
        damaged(wrong, nameless);
    }
    payload->base = base;
    payload->size = header->size;
    payload->names.start = (const char *)payload->base + header->names;
    payload->names.size = header->names_size;
    payload->damaged = damaged;
    for (int i = 0; i <= PAYLOAD_REFERS_TEXT; i++) {
        atomic_store(&dictionaries[i], NULL);
    }
    for (int i = 0; i < PAYLOAD_TABLES; i++) {
        payload->tables[i].records = (const void *)(payload->base + header->tables[i].offset);
        payload->tables[i].count = (uint32_t)header->tables[i].count;
    }
}

uint32_t
payload_count(const struct payload *payload, enum payload_table table)
{
    return payload->tables[table].count;
}

/* A record is checked before anything else is done with it, so it cannot lead out of the names. */
static bool
is_intact(const struct payload *payload, enum payload_table table, uint32_t position,
          const struct payload_record *record)
{
    uint64_t facts[7] = {
        (uint64_t)table << 32 | position,
        record->offset,
        record->stored,
        record->size,
        record->begin,
        record->time,
        (uint64_t)record->name << 32 | (uint64_t)record->name_size << 16
            | (uint64_t)record->kind << 8 | record->compressed,
    };
    uint64_t seed;

    if (!within(record->name, record->name_size, payload->names.size)
        || !within(record->offset, record->stored, payload->size)) {
        return false;
    }
    seed = XXH64(payload->names.start + record->name, record->name_size, 0);
    return XXH64(facts, sizeof(facts), seed) == record->own_check;
}

const struct payload_record *
payload_at(const struct payload *payload, enum payload_table table, uint32_t position)
{
    const struct payload_record *record = &payload->tables[table].records[position];

    if (!is_intact(payload, table, position, record)) {
        payload->damaged("checksum mismatch in the payload's index", nameless);
    }
    return record;
}

uint32_t
payload_position(const struct payload *payload, enum payload_table table,
                 const struct payload_record *record)
{
    return (uint32_t)(record - payload->tables[table].records);
}

struct payload_span
payload_name(const struct payload *payload, const struct payload_record *record)
{
    struct payload_span name = {payload->names.start + record->name, record->name_size};

    return name;
}

static int
compare(struct payload_span own, struct payload_span name)
{
    int order = memcmp(own.start, name.start, own.size < name.size ? own.size : name.size);

    return order ? order : (own.size > name.size) - (own.size < name.size);
}

uint32_t
payload_lower_bound(const struct payload *payload, enum payload_table table,
                    struct payload_span name)
{
    uint32_t low = 0;
    uint32_t high = payload_count(payload, table);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct payload_record *record = payload_at(payload, table, middle);
        if (compare(payload_name(payload, record), name) < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

const struct payload_record *
payload_find(const struct payload *payload, enum payload_table table, struct payload_span name)
{
    uint32_t position = payload_lower_bound(payload, table, name);
    const struct payload_record *record;

    if (position == payload_count(payload, table)) {
        return NULL;
    }
    record = payload_at(payload, table, position);
    return compare(payload_name(payload, record), name) == 0 ? record : NULL;
}

void
payload_mismatch(const struct payload *payload, const struct payload_record *record)
{
    payload->damaged("checksum mismatch", payload_name(payload, record));
}

struct payload_span
payload_unchecked(const struct payload *payload, const struct payload_record *record)
{
    struct payload_span bytes = {(const char *)payload->base + record->offset, record->stored};

    note_use(payload, record);
    return bytes;
}

struct payload_span
payload_stored(const struct payload *payload, const struct payload_record *record)
{
    struct payload_span bytes = payload_unchecked(payload, record);

    if (XXH64(bytes.start, bytes.size, record->own_check) != record->check
        || (!record->compressed && (record->size != record->stored || record->begin != 0))) {
        payload_mismatch(payload, record);
    }
    return bytes;
}

struct payload_span
payload_dictionary(const struct payload *payload, const struct payload_record *record)
{
    const unsigned frame = record->compressed;
    const struct payload_record *found;

    if (frame == PAYLOAD_FRAME) {
        return nameless;
    }
    if (frame > PAYLOAD_REFERS_TEXT) {
        payload_mismatch(payload, record);
    }
    found = atomic_load(&dictionaries[frame]);
    if (found == NULL) {
        found = payload_find(payload, PAYLOAD_CONTROLS, dictionary_names[frame]);
        if (found == NULL || found->compressed) {
            payload->damaged("missing dictionary", payload_name(payload, record));
        }
        payload_stored(payload, found);
        atomic_store(&dictionaries[frame], found);
    }
    return payload_unchecked(payload, found);
}
