/* Reading the payload: the application's modules and files, in place.

   The format is written by `payload.py` and described in docs/reference/payload.md. Nothing is
   copied or allocated here, but for what `payload_expand` writes into the caller's memory, and the
   frames that it may keep. All numbers are little-endian. This file does not know Python.

   Damage is never taken for absence: each record that a search looks at is checked with its name, so
   what is not found is not there. Whoever opens a payload says what happens where damage shows. */

#ifndef OBELISK_PAYLOAD_H
#define OBELISK_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum payload_kind {
    PAYLOAD_CODE = 0,      /* bytecode of a source file, by its path */
    PAYLOAD_PACKAGE = 1,   /* an import finds `NAME/__init__.py`: no bytes */
    PAYLOAD_NAMESPACE = 2, /* it finds the folder `NAME`, without an __init__: no bytes */
    PAYLOAD_FILE = 3,
    PAYLOAD_FOLDER = 4,  /* no bytes */
    PAYLOAD_OTHER = 5,   /* it finds another file: an extension module or bytecode, whose path this is */
    PAYLOAD_CONTROL = 6, /* for the runtime or `obelisk` itself */
    PAYLOAD_PROGRAM = 7, /* a file that can be executed */
    PAYLOAD_MODULE = 8,  /* it finds `NAME.py`: no bytes */
};

enum payload_frame {
    PAYLOAD_AS_IT_IS = 0,
    PAYLOAD_FRAME = 1,       /* one zstd frame */
    PAYLOAD_REFERS_CODE = 2, /* one that refers to the control record `dictionary.code` */
    PAYLOAD_REFERS_TEXT = 3, /* or `dictionary.text` */
};

enum payload_table {
    PAYLOAD_MODULES,  /* code, by its path; and what imports find, by key: folder, a zero byte, name */
    PAYLOAD_FILES,    /* by key: folder, a zero byte, last part of the path */
    PAYLOAD_CONTROLS, /* by name; no path leads here */
    PAYLOAD_TABLES,
};

struct payload_record {
    uint64_t offset;    /* of its stored bytes, from the payload's first byte */
    uint64_t stored;    /* bytes in the payload */
    uint64_t size;      /* bytes when expanded; equals `stored` unless compressed */
    uint64_t time;      /* a file's, in nanoseconds since 1970 */
    uint64_t check;     /* XXH64 of the stored bytes, seeded by `own_check` */
    uint64_t own_check; /* XXH64 of its table, position, name and other fields */
    uint64_t begin;     /* of its content within that of its frame, which others may share */
    uint32_t name;      /* offset of its name in the names */
    uint16_t name_size; /* bytes */
    uint8_t kind;       /* enum payload_kind */
    uint8_t compressed; /* enum payload_frame */
};

/* Bytes that the content of a frame has at most which records share. */
#define PAYLOAD_SHARED_MOST (1U << 20)

/* Bytes in the payload. */
struct payload_span {
    const char *start;
    size_t size;
};

/* Called with what is wrong, such as "checksum mismatch", and the name of the record that it is wrong
   with, empty if it is none. Must not return. */
typedef void payload_damaged(const char *wrong, struct payload_span name)
    __attribute__((noreturn));

struct payload {
    const uint8_t *base;
    uint64_t size;
    struct {
        const struct payload_record *records; /* sorted by name, as bytes */
        uint32_t count;
    } tables[PAYLOAD_TABLES];
    struct payload_span names;
    payload_damaged *damaged;
};

/* Read the header at `base`. Damage is reported at once, or when it is met. */
void payload_open(struct payload *payload, const void *base, uint64_t available,
                  payload_damaged *damaged);

/* Return how many records a table has. */
uint32_t payload_count(const struct payload *payload, enum payload_table table);

/* Return the record at a position below the count. It and its name are intact. */
const struct payload_record *payload_at(const struct payload *payload, enum payload_table table,
                                        uint32_t position);

/* Return the position of a record of that table. */
uint32_t payload_position(const struct payload *payload, enum payload_table table,
                          const struct payload_record *record);

/* Return the record of that name, or NULL. */
const struct payload_record *payload_find(const struct payload *payload, enum payload_table table,
                                          struct payload_span name);

/* Return the position of the first record whose name is not less than `name`. */
uint32_t payload_lower_bound(const struct payload *payload, enum payload_table table,
                             struct payload_span name);

/* Return a record's name. */
struct payload_span payload_name(const struct payload *payload,
                                 const struct payload_record *record);

/* Return the stored bytes of a record without reading them: they may be damaged. */
struct payload_span payload_unchecked(const struct payload *payload,
                                      const struct payload_record *record);

/* Return the stored bytes of a record. They are intact. */
struct payload_span payload_stored(const struct payload *payload,
                                   const struct payload_record *record);

/* Report that a record is not what was written. */
void payload_mismatch(const struct payload *payload, const struct payload_record *record)
    __attribute__((noreturn));

/* Return what a record's frame refers to, empty if that is nothing. It is compared with its hash once: it is
   larger than most frames. */
struct payload_span payload_dictionary(const struct payload *payload,
                                       const struct payload_record *record);

/* Write a record's `size` expanded bytes to `into`. Returns 0, or ENOMEM. */
int payload_expand(const struct payload *payload, const struct payload_record *record, void *into);

/* The same without allocating: zstd works in `memory`, which has `payload_room` bytes
   at a multiple of 8. */
int payload_expand_in(const struct payload *payload, const struct payload_record *record,
                      void *into, void *memory);

/* Return how many bytes of memory expanding a record takes. */
size_t payload_room(const struct payload *payload, const struct payload_record *record);

/* Let `payload_expand` keep the contents of the last frames that records share, or not, as at first: what is
   kept is memory that no snapshot may have. */
void payload_keep_frames(bool is_kept);

#ifdef OBELISK_RECORDING
/* Called with each record whose stored bytes are about to be used, by any thread, and by a child of vfork.
   NULL if nobody wants to know. Only in the runtime that `obelisk build --train` runs. */
typedef void (*payload_watcher)(const struct payload *, const struct payload_record *);
extern payload_watcher payload_watch;
#endif

#endif
