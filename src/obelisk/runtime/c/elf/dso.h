/* The shared objects that are linked in: the table that `link/elf/table.py` writes for elf/libdl.c.

   It lies in a read-only segment of its own type and starts with `struct objects`. A place is an
   address as the linker knew it: a distance from the executable's first byte. Numbers of objects
   are their positions in the table. */

#ifndef OBELISK_OBJECTS_H
#define OBELISK_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECTS_VERSION 3

/* From, and up to but not including. */
struct span {
    uint64_t start;
    uint64_t end;
};

struct object {
    uint64_t name;       /* place of its path below the executable, ended by a zero byte */
    uint64_t base;       /* place of its own address 0 */
    uint64_t end;        /* place behind its last byte */
    uint64_t headers;    /* place of its program headers */
    uint64_t dynamic;    /* place of its dynamic section */
    uint64_t symbols;    /* place of its symbol table */
    uint64_t strings;    /* place of the symbols' names */
    uint64_t hash;       /* place of its GNU hash table */
    uint64_t versions;   /* place of its symbols' versions; 0: none */
    uint64_t init;       /* place of its constructor of old; 0: none */
    uint64_t init_array; /* place of its other constructors */
    uint64_t fini;
    uint64_t fini_array;
    uint64_t closure;    /* place of the numbers of itself and all it needs, breadth-first */
    uint64_t order;      /* the same, needed ones first */
    uint64_t writable;   /* place of spans of pages that are written to */
    uint64_t relr;       /* place of the words to add the executable's address to, as DT_RELR */
    int64_t tls_below;   /* bytes from its thread-local block up to the thread pointer, which is below
                            it on some machines; 0: none */
    struct span relro;   /* pages that become read-only once relocated; empty: none */
    uint64_t check;      /* XXH64 of its memory as it is in the file; `obelisk verify` looks at it */
    uint32_t header_count;
    uint32_t symbol_count;
    uint32_t init_count;
    uint32_t fini_count;
    uint32_t closure_count;
    uint32_t writable_count;
    uint32_t relr_count;
    uint32_t reserved;
};

/* A name by which an object is opened: its path below the executable, its file name or soname. */
struct object_name {
    uint64_t text;   /* place, ended by a zero byte */
    uint64_t number; /* of the object */
};

struct objects {
    uint8_t magic[8]; /* "OBJECTS" and a zero byte */
    uint32_t version;
    uint32_t count;
    uint64_t objects;    /* place of `count` of struct object */
    uint64_t names;      /* place of struct object_name, sorted by text */
    uint64_t name_count;
    uint64_t data;       /* place of spans of pages that are not code */
    uint64_t data_count;
    struct span memory;  /* of all objects */
    uint64_t image;      /* the executable's address that words hold already */
    uint64_t size;       /* bytes of this table with all it refers to, but for the objects */
    uint64_t check;      /* XXH64 of what is behind this field, seeded by that of what is before it */
};

/* Use the table at `base`, and take the right to run from all pages that are not code. The process
   ends when the table is damaged or memory is refused. To be called once, before there are threads. */
void objects_open(const struct objects *base, uint64_t size);

/* Return the address of a place. */
const void *objects_at(uint64_t place);

/* Return the table, or NULL when nothing is linked in. */
const struct objects *objects_table(void);

/* Return an object by its number. */
const struct object *objects_get(uint32_t number);

/* Return the number of the object of that name, or -1. */
int64_t objects_find(const char *name);

/* Return the first name of an object that begins with `start` and has no folder, or NULL. */
const char *objects_named(const char *start);

/* Set up an object and all it needs, and run their constructors, unless that was done before. With
   `for_all` their symbols are for everybody. Returns false, with errno, when memory could not be
   protected; it may be tried again. */
bool objects_load(uint32_t number, bool for_all);

bool objects_is_loaded(uint32_t number);

/* Return how many objects are loaded, and the number of each in the order of loading. */
uint32_t objects_loaded_count(void);
uint32_t objects_loaded(uint32_t position);

/* The same for those whose symbols are for everybody. */
uint32_t objects_global_count(void);
uint32_t objects_global(uint32_t position);

/* Return the number of the loaded object that an address is in, or -1. */
int64_t objects_around(const void *address);

#endif
