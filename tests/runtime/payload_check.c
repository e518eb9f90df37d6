/* Reads a payload as the runtime does, with a guard page right behind it, whole and damaged.

   payload_check FILE          look up every name, check and expand every record
   payload_check FILE ROUNDS   damage some bytes, as many times, and read what is left

   The contents of shared frames are kept while one payload is read.

   With damage, a name of the whole payload is found with the bytes that it had, or damage is reported:
   it is never taken for absence. Compiled with sanitizers; a read beyond the payload meets the guard
   page. */

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "payload/payload.h"

#define MOST_NAMES 1024

struct known {
    enum payload_table table;
    char name[256];
    size_t size;
    uint64_t check;
};

static struct known known[MOST_NAMES];
static int known_count;
static jmp_buf damage;
static unsigned long long state = 88172645463325252ULL;

/* xorshift64 (Marsaglia 2003): the same rounds on every machine. */
static unsigned long long
next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t
page_round(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

/* Return memory of `size` bytes that ends where an inaccessible page begins. */
static unsigned char *
guarded(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = page_round(size);
    unsigned char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) != 0) {
        abort();
    }
    return memory + room - size;
}

__attribute__((noreturn)) static void
on_damage(const char *wrong, struct payload_span name)
{
    /* Reads all of the name. */
    if (strlen(wrong) == 0 || memchr(name.start, 0xff, name.size) == wrong) {
        abort();
    }
    longjmp(damage, 1);
}

/* Remember every name of an undamaged payload. */
static void
learn(const struct payload *payload)
{
    for (enum payload_table table = 0; table < PAYLOAD_TABLES; table++) {
        for (uint32_t i = 0; i < payload_count(payload, table) && known_count < MOST_NAMES; i++) {
            const struct payload_record *record = payload_at(payload, table, i);
            struct payload_span name = payload_name(payload, record);
            struct known *next = &known[known_count++];

            if (name.size > sizeof(next->name)) {
                abort();
            }
            next->table = table;
            memcpy(next->name, name.start, name.size);
            next->size = name.size;
            next->check = record->check;
        }
    }
}

/* Expand a record in memory that is given, and compare. */
static void
expand_in(const struct payload *payload, const struct payload_record *record,
          const unsigned char *expected)
{
    unsigned char *memory = malloc(payload_room(payload, record));
    unsigned char *expanded = malloc(record->size + 1);

    if (memory == NULL || expanded == NULL
        || payload_expand_in(payload, record, expanded, memory) != 0
        || memcmp(expanded, expected, record->size) != 0) {
        abort();
    }
    free(memory);
    free(expanded);
}

/* Look a known name up and read it; return 0 if it has the bytes that it had, 1 where damage shows. */
static int
look_up(const unsigned char *bytes, size_t size, const struct known *wanted)
{
    const struct payload_span name = {wanted->name, wanted->size};
    const struct payload_record *record;
    struct payload payload;
    unsigned char *expanded;

    if (setjmp(damage) != 0) {
        return 1;
    }
    payload_open(&payload, bytes, size, on_damage);
    record = payload_find(&payload, wanted->table, name);
    if (record == NULL) {
        fprintf(stderr, "damage is taken for absence\n");
        exit(4);
    }
    payload_stored(&payload, record);
    if (record->check != wanted->check) {
        fprintf(stderr, "other bytes are taken for intact\n");
        exit(5);
    }
    expanded = malloc(record->size + 1);
    if (expanded == NULL || payload_expand(&payload, record, expanded) != 0) {
        abort();
    }
    if (record->compressed) {
        expand_in(&payload, record, expanded);
    }
    free(expanded);
    return 0;
}

/* Walk through a table, as a listing does; return 1 where damage shows. */
static int
walk(const unsigned char *bytes, size_t size, enum payload_table table)
{
    struct payload payload;

    if (setjmp(damage) != 0) {
        return 1;
    }
    payload_open(&payload, bytes, size, on_damage);
    for (uint32_t i = 0; i < payload_count(&payload, table); i++) {
        payload_at(&payload, table, i);
    }
    return 0;
}

static int
read_all(const unsigned char *bytes, size_t size)
{
    int refused = 0;

    payload_keep_frames(false);
    payload_keep_frames(true);
    for (int i = 0; i < known_count; i++) {
        refused += look_up(bytes, size, &known[i]);
    }
    for (enum payload_table table = 0; table < PAYLOAD_TABLES; table++) {
        refused += walk(bytes, size, table);
    }
    return refused;
}

static void
damage_some(unsigned char *bytes, size_t size)
{
    for (unsigned long long i = next_random() % 6 + 1; i > 0; i--) {
        /* Mostly in the tables and names, where it leads readers astray. */
        size_t span = next_random() % 4 ? (size < 12288 ? size : 12288) : size;
        bytes[next_random() % span] = (unsigned char)next_random();
    }
}

int
main(int argc, char **argv)
{
    FILE *stream = argc > 1 ? fopen(argv[1], "rb") : NULL;
    long rounds = argc > 2 ? atol(argv[2]) : 0;
    struct payload whole;
    unsigned char *original;
    unsigned char *bytes;
    size_t size;
    int refused = 0;

    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        return 3;
    }
    size = (size_t)ftell(stream);
    rewind(stream);
    original = malloc(size + 1);
    bytes = guarded(size);
    if (original == NULL || fread(original, 1, size, stream) != size) {
        return 3;
    }
    memcpy(bytes, original, size);
    if (setjmp(damage) != 0) {
        return 1;
    }
    payload_open(&whole, bytes, size, on_damage);
    learn(&whole);
    if (rounds == 0) {
        printf("%d %d\n", read_all(bytes, size), known_count);
        return 0;
    }
    for (long round = 0; round < rounds; round++) {
        memcpy(bytes, original, size);
        damage_some(bytes, size);
        refused += read_all(bytes, size) > 0;
    }
    printf("%d\n", refused);
    return 0;
}
