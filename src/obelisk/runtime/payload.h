/* Reading the payload: the application's modules and files, in place.

   The format is written by `payload.py` and described in docs/reference/payload.md. Nothing is
   copied or allocated here, but for what `payload_expand` writes into the caller's memory. All
   numbers are little-endian. This file does not know Python. */

#ifndef OBELISK_PAYLOAD_H
#define OBELISK_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum payload_kind {
    PAYLOAD_MODULE = 0,    /* bytecode of a module */
    PAYLOAD_PACKAGE = 1,   /* bytecode of a package's __init__ */
    PAYLOAD_NAMESPACE = 2, /* a package without __init__: no bytes */
    PAYLOAD_FILE = 3,
    PAYLOAD_FOLDER = 4,    /* no bytes */
    PAYLOAD_EXTENSION = 5, /* path of the linked shared object that is the module */
};

enum payload_option {
    PAYLOAD_CONFIGURED = 1, /* there are settings (settings.h) */
};

struct payload_record {
    uint64_t offset;    /* of its stored bytes, from the payload's first byte */
    uint64_t stored;    /* bytes in the payload */
    uint64_t size;      /* bytes when expanded; equals `stored` unless compressed */
    uint64_t check;     /* XXH64 of the stored bytes, see `payload_intact` */
    uint32_t name;      /* offset of its name in the names */
    uint16_t name_size; /* bytes */
    uint8_t kind;       /* enum payload_kind */
    uint8_t compressed; /* 1: one zstd frame */
};

struct payload_index {
    const struct payload_record *records; /* sorted by name, as bytes */
    uint32_t count;
};

struct payload {
    const uint8_t *base;
    uint64_t size;
    struct payload_index modules; /* by dotted name */
    struct payload_index files;   /* by key: folder, a zero byte, last part of the path */
    const char *names;
    uint64_t names_size;
    uint64_t index_check;
    uint32_t options;      /* enum payload_option */
    const char *entry;     /* name of the module to run, not terminated */
    uint32_t entry_size;
};

/* Read the header at `base`. Returns NULL, or a sentence that says what is wrong. */
const char *payload_open(struct payload *payload, const void *base, uint64_t available);

/* Return the record of that name, or NULL. */
const struct payload_record *payload_find(const struct payload *payload,
                                          const struct payload_index *index, const char *name,
                                          size_t size);

/* Return the position of the first record whose name is not less than `name`. */
uint32_t payload_lower_bound(const struct payload *payload, const struct payload_index *index,
                             const char *name, size_t size);

/* Return the record's name; its length is `name_size`. */
const char *payload_name(const struct payload *payload, const struct payload_record *record);

/* Say whether the record and its stored bytes are as they were written. */
bool payload_intact(const struct payload *payload, const struct payload_record *record);

/* Say whether names and records are as they were written. Reads all of them. */
bool payload_index_intact(const struct payload *payload);

/* Return the stored bytes of an intact record. */
const uint8_t *payload_bytes(const struct payload *payload, const struct payload_record *record);

/* Write the `size` expanded bytes of an intact record to `into`; false when they do not expand. */
bool payload_expand(const struct payload *payload, const struct payload_record *record,
                    void *into);

#endif
