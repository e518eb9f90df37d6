/* The part of the executable that holds its snapshot: a header, tables, and pages of memory.

   Written by snapshot/format.py. Offsets are counted from the header, addresses are those of the process. */

#ifndef OBELISK_SNAPSHOT_FORMAT_H
#define OBELISK_SNAPSHOT_FORMAT_H

#include <stdint.h>

#define SNAPSHOT_MAGIC "OBSNAP\n"
#define SNAPSHOT_VERSION 2
#define SNAPSHOT_SEGMENT 0x6f626c6f /* type of its program header, as those of os/linux/os.c */
#define SNAPSHOT_WORDS 8

enum snapshot_kind {
    SNAPSHOT_REQUEST = 1, /* there is none yet: the executable makes it when it is asked to */
    SNAPSHOT_TAKEN = 2,
};

struct snapshot_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t kind;
    uint64_t size;       /* bytes of header and tables */
    uint64_t check;      /* XXH64 of header and tables, this field being 0 */
    uint64_t image;      /* where the executable's first byte is */
    uint64_t heap;       /* where memory that was asked for begins */
    uint64_t page_size;  /* bytes */
    uint8_t seed[32];    /* of what is random while it is made */
    uint32_t words[SNAPSHOT_WORDS]; /* features of the processor: each bit must be set */
    uint64_t ranges;     /* offset of struct snapshot_range */
    uint64_t range_count;
    uint64_t guards;     /* offset of texts, each ended by a zero byte (guards.c) */
    uint64_t guard_count;
    uint64_t flags;
    uint64_t hot;        /* offset of struct snapshot_span: pages that each start writes to */
    uint64_t hot_count;
    uint64_t originals;  /* offset of words of a cold start's own data (own_data.c) */
    uint64_t original_words;
};

/* A word of `originals` has in its lower half where in the executable's memory words are to be put, counted in
   words, and in its upper half how many; these follow. */

enum {
    SNAPSHOT_PYTHON_OPTION = 1, /* `--python` as first argument starts no application */
    SNAPSHOT_MEASURE = 2,       /* the executable writes its memory again when it has gone on from it */
};

enum snapshot_source {
    SNAPSHOT_ZEROS = 0,
    SNAPSHOT_FILE = 1, /* of the executable's file, `offset` counted from its start */
    SNAPSHOT_PART = 2, /* of this part of it */
};

struct snapshot_span {
    uint64_t address;
    uint64_t size;
};

/* Whole pages. Those of the image come last. */
struct snapshot_range {
    uint64_t address;
    uint64_t size;
    uint64_t offset;
    uint32_t rights;  /* PROT_* */
    uint16_t source;
    uint16_t is_free; /* nothing may be mapped there before */
};

#endif
