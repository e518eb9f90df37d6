/* Reading the payload. See payload.h and docs/reference/payload.md. */

#include "payload.h"

#include <string.h>

#include <zstd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION 2

static const char magic[] = "\x89OBELISK\r\n\x1a\n";

struct header {
    uint8_t magic[12];
    uint32_t version;
    uint64_t size;
    uint64_t modules;
    uint64_t files;
    uint64_t names;
    uint64_t names_size;
    uint32_t module_count;
    uint32_t file_count;
    uint32_t options;
    uint32_t entry;
    uint32_t entry_size;
    uint32_t reserved;
    uint64_t index_check;
    uint64_t check; /* XXH64 of all that precedes it */
};

_Static_assert(sizeof(struct payload_record) == 40, "records are written with 40 bytes");
_Static_assert(sizeof(struct header) == 96, "the header is written with 96 bytes");

/* The one bounds check: do `size` bytes at `offset` lie within `whole`? */
static bool
within(uint64_t offset, uint64_t size, uint64_t whole)
{
    return offset <= whole && size <= whole - offset;
}

static bool
index_within(uint64_t offset, uint32_t count, uint64_t whole)
{
    return offset % 8 == 0
           && within(offset, (uint64_t)count * sizeof(struct payload_record), whole);
}

const char *
payload_open(struct payload *payload, const void *base, uint64_t available)
{
    const struct header *header = base;

    if (available < sizeof(*header)) {
        return "it is cut short";
    }
    if (memcmp(header->magic, magic, sizeof(header->magic)) != 0) {
        return "it does not begin as a payload does";
    }
    if (header->version != VERSION) {
        return "it has another version";
    }
    if (XXH64(header, offsetof(struct header, check), 0) != header->check) {
        return "its header is damaged";
    }
    if (header->size > available
        || !index_within(header->modules, header->module_count, header->size)
        || !index_within(header->files, header->file_count, header->size)
        || !within(header->names, header->names_size, header->size)
        || !within(header->entry, header->entry_size, header->names_size)) {
        return "it is cut short";
    }
    payload->base = base;
    payload->size = header->size;
    payload->modules.records = (const void *)(payload->base + header->modules);
    payload->modules.count = header->module_count;
    payload->files.records = (const void *)(payload->base + header->files);
    payload->files.count = header->file_count;
    payload->names = (const char *)(payload->base + header->names);
    payload->names_size = header->names_size;
    payload->index_check = header->index_check;
    payload->options = header->options;
    payload->entry = payload->names + header->entry;
    payload->entry_size = header->entry_size;
    return NULL;
}

/* A damaged record must not lead outside the names: it has the empty name then. */
static size_t
name_size(const struct payload *payload, const struct payload_record *record)
{
    return within(record->name, record->name_size, payload->names_size) ? record->name_size : 0;
}

const char *
payload_name(const struct payload *payload, const struct payload_record *record)
{
    return name_size(payload, record) ? payload->names + record->name : "";
}

static int
compare(const struct payload *payload, const struct payload_record *record, const char *name,
        size_t size)
{
    size_t own = name_size(payload, record);
    int order = memcmp(payload_name(payload, record), name, own < size ? own : size);

    if (order != 0) {
        return order;
    }
    return (own > size) - (own < size);
}

uint32_t
payload_lower_bound(const struct payload *payload, const struct payload_index *index,
                    const char *name, size_t size)
{
    uint32_t low = 0;
    uint32_t high = index->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(payload, &index->records[middle], name, size) < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

const struct payload_record *
payload_find(const struct payload *payload, const struct payload_index *index, const char *name,
             size_t size)
{
    uint32_t place = payload_lower_bound(payload, index, name, size);

    if (place == index->count || compare(payload, &index->records[place], name, size) != 0) {
        return NULL;
    }
    return &index->records[place];
}

/* A record's check starts from the hash of its name and other fields, so it covers them too. */
bool
payload_intact(const struct payload *payload, const struct payload_record *record)
{
    uint64_t facts[4] = {record->offset, record->stored, record->size,
                         (uint64_t)record->kind << 8 | record->compressed};
    uint64_t seed;

    if (!within(record->offset, record->stored, payload->size)
        || (!record->compressed && record->size != record->stored)) {
        return false;
    }
    seed = XXH64(payload_name(payload, record), name_size(payload, record), 0);
    seed = XXH64(facts, sizeof(facts), seed);
    return XXH64(payload->base + record->offset, record->stored, seed) == record->check;
}

bool
payload_index_intact(const struct payload *payload)
{
    uint64_t check = XXH64(payload->modules.records,
                           payload->modules.count * sizeof(struct payload_record), 0);

    check = XXH64(payload->files.records, payload->files.count * sizeof(struct payload_record),
                  check);
    return XXH64(payload->names, payload->names_size, check) == payload->index_check;
}

const uint8_t *
payload_bytes(const struct payload *payload, const struct payload_record *record)
{
    return payload->base + record->offset;
}

bool
payload_expand(const struct payload *payload, const struct payload_record *record, void *into)
{
    const uint8_t *bytes = payload_bytes(payload, record);

    if (!record->compressed) {
        memcpy(into, bytes, record->stored);
        return true;
    }
    return ZSTD_decompress(into, record->size, bytes, record->stored) == record->size;
}
