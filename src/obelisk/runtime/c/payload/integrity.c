/* Checking the whole file at start. See payload/integrity.h; the form is in docs/reference/payload.md. */

#include "payload/integrity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The functions that need no set-up. OpenSSL would have all go through its providers. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "os/checked_file.h"
#include "os/os.h"

#define VERSION 1
#define BLOCK 65536

static const char magic[16] = "\x89OBDIGEST\r\n\x1a\n";

struct header {
    uint8_t magic[16];
    uint32_t version;
    uint32_t block;
    uint64_t place; /* where the digest stands in the file: it covers what is before */
    uint32_t part_count;
    uint32_t block_count;
    uint64_t names_size;
    uint8_t root[SHA256_DIGEST_LENGTH]; /* of the fields before it and of all behind it */
};

/* Ends where the next one begins, the last one at the digest. */
struct part {
    uint64_t start;
    uint32_t name;
    uint32_t name_size;
};

_Static_assert(sizeof(struct header) == 80, "the header is written with 80 bytes");
_Static_assert(sizeof(struct part) == 16, "parts are written with 16 bytes");

struct digest {
    const struct header *header;
    const struct part *parts;
    const uint8_t *hashes;
    const char *names;
};

uint64_t
integrity_build(void)
{
    struct os_span span = os_segment(OS_DIGEST);
    const struct header *header = span.base;
    uint64_t number = 0;

    if (header != NULL && span.size >= sizeof(*header)) {
        memcpy(&number, header->root, sizeof(number));
    }
    return number;
}

static _Noreturn void
die_damaged(const char *what, int size)
{
    char text[256];

    snprintf(text, sizeof(text), "corrupt executable: checksum mismatch in `%.*s`", size, what);
    os_die(OS_EXIT_DAMAGED, text);
}

/* Is the digest as it was written? What it says can be relied on then. */
static bool
is_intact(const struct header *header, uint64_t available)
{
    uint8_t root[SHA256_DIGEST_LENGTH];
    uint64_t size = sizeof(*header);
    SHA256_CTX context;

    if (available < size || memcmp(header->magic, magic, sizeof(magic)) != 0
        || header->version != VERSION || header->block != BLOCK
        || header->names_size > available) {
        return false;
    }
    size += header->part_count * sizeof(struct part)
            + (uint64_t)header->block_count * SHA256_DIGEST_LENGTH + header->names_size;
    if (size > available) {
        return false;
    }
    SHA256_Init(&context);
    SHA256_Update(&context, header, offsetof(struct header, root));
    SHA256_Update(&context, header + 1, size - sizeof(*header));
    SHA256_Final(root, &context);
    return memcmp(root, header->root, sizeof(root)) == 0;
}

static struct digest
open_digest(void)
{
    struct os_span span = os_segment(OS_DIGEST);
    struct digest digest = {.header = span.base};

    if (span.base == NULL || !is_intact(digest.header, span.size)) {
        die_damaged("digest", 6);
    }
    digest.parts = (const void *)(digest.header + 1);
    digest.hashes = (const uint8_t *)(digest.parts + digest.header->part_count);
    digest.names = (const char *)digest.hashes
                   + (uint64_t)digest.header->block_count * SHA256_DIGEST_LENGTH;
    return digest;
}

/* Check the blocks of a part; return the hashes of the next one. */
static const uint8_t *
check_part(intptr_t file, const struct digest *digest, const struct part *part, const uint8_t *hashes)
{
    static uint8_t block[BLOCK];
    uint8_t found[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    bool is_last = part + 1 == digest->parts + digest->header->part_count;
    uint64_t end = is_last ? digest->header->place : part[1].start;

    for (uint64_t place = part->start; place < end; place += BLOCK) {
        uint64_t size = end - place < BLOCK ? end - place : BLOCK;
        checked_file_read(file, block, (uint32_t)size, place);
        /* Not by SHA256(), which would bring in all that OpenSSL knows of digests. */
        SHA256_Init(&context);
        SHA256_Update(&context, block, size);
        SHA256_Final(found, &context);
        if (memcmp(found, hashes, sizeof(found)) != 0) {
            die_damaged(digest->names + part->name, (int)part->name_size);
        }
        hashes += sizeof(found);
    }
    return hashes;
}

void
integrity_check(void)
{
    struct digest digest = open_digest();
    const uint8_t *hashes = digest.hashes;
    intptr_t file = checked_file_open();

    for (uint32_t i = 0; i < digest.header->part_count; i++) {
        hashes = check_part(file, &digest, &digest.parts[i], hashes);
    }
    checked_file_close(file);
}
