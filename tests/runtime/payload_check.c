/* Reads a payload as the runtime does, with a guard page right behind it, whole and damaged.

   payload_check FILE          look up every name, check and expand every record
   payload_check FILE ROUNDS   damage some bytes, as many times, and read what is left

   Compiled with -fsanitize=undefined that traps; a read beyond the payload meets the guard page. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "payload.h"

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

static int
read_index(const struct payload *payload, const struct payload_index *index, int *intact)
{
    for (uint32_t i = 0; i < index->count; i++) {
        const struct payload_record *record = &index->records[i];
        const char *name = payload_name(payload, record);
        bool sound = record->name <= payload->names_size
                     && record->name_size <= payload->names_size - record->name;
        size_t size = sound ? record->name_size : 0;
        unsigned char *expanded;

        if (payload_find(payload, index, name, size) == record) {
            *intact += 1;
        }
        if (!payload_intact(payload, record) || record->size > (64U << 20)) {
            continue;
        }
        expanded = malloc(record->size + 1);
        if (expanded == NULL || !payload_expand(payload, record, expanded)) {
            return -1;
        }
        free(expanded);
    }
    return 0;
}

static int
read_all(const unsigned char *bytes, size_t size, int *found)
{
    struct payload payload;
    const char *wrong = payload_open(&payload, bytes, size);

    *found = 0;
    if (wrong != NULL) {
        return 1;
    }
    (void)payload_index_intact(&payload);
    if (read_index(&payload, &payload.modules, found) != 0
        || read_index(&payload, &payload.files, found) != 0) {
        return 2;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    FILE *stream = argc > 1 ? fopen(argv[1], "rb") : NULL;
    long rounds = argc > 2 ? atol(argv[2]) : 0;
    unsigned char *original;
    unsigned char *bytes;
    size_t size;
    int found;
    int refused = 0;

    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        return 3;
    }
    size = (size_t)ftell(stream);
    rewind(stream);
    original = malloc(size);
    bytes = guarded(size);
    if (original == NULL || fread(original, 1, size, stream) != size) {
        return 3;
    }
    memcpy(bytes, original, size);
    if (rounds == 0) {
        int status = read_all(bytes, size, &found);
        printf("%d %d\n", status, found);
        return status;
    }
    for (long round = 0; round < rounds; round++) {
        memcpy(bytes, original, size);
        for (unsigned long long i = next_random() % 6 + 1; i > 0; i--) {
            /* Mostly in the tables, where it leads readers astray. */
            size_t span = next_random() % 4 ? (size < 2048 ? size : 2048) : size;
            bytes[next_random() % span] = (unsigned char)next_random();
        }
        refused += read_all(bytes, size, &found) == 1;
    }
    printf("%d\n", refused);
    return 0;
}
