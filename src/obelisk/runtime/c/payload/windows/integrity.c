/* Checking the whole file at start. See payload/integrity.h; the form is in docs/reference/payload.md.

   A signature may be added later, which changes two fields of the file's headers: the checksum, and where
   the certificate is. The digest was made with zeros there, as signatures are. What a signature adds stands
   behind the digest. */

#include "payload/integrity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* The functions that need no set-up. OpenSSL would have all go through its providers. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "os/os.h"
#include "os/windows/text.h"

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

static HANDLE
open_file(void)
{
    wchar_t *path = text_to_wide(os_executable());
    HANDLE file = INVALID_HANDLE_VALUE;

    if (path != NULL) {
        file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                           FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    }
    if (file == INVALID_HANDLE_VALUE) {
        os_die_of_error("cannot verify this executable");
    }
    free(path);
    return file;
}

/* Read a whole block. */
static void
read_block(HANDLE file, uint8_t *block, DWORD size, uint64_t place)
{
    OVERLAPPED from = {.Offset = (DWORD)place, .OffsetHigh = (DWORD)(place >> 32)};
    DWORD done = 0;

    if (!ReadFile(file, block, size, &done, &from) && GetLastError() != ERROR_HANDLE_EOF) {
        os_die_of_error("cannot verify this executable");
    }
    if (done != size) {
        os_die(OS_EXIT_DAMAGED, "corrupt executable: file truncated");
    }
}

/* Set those bytes of a field of the file's headers to zero that are in a block. */
static void
clear(uint8_t *block, uint64_t block_size, uint64_t block_place, const void *field, size_t size)
{
    uint64_t place = (uint64_t)((const char *)field - (const char *)GetModuleHandleW(NULL));

    for (uint64_t at = place; at < place + size; at++) {
        if (at >= block_place && at - block_place < block_size) {
            block[at - block_place] = 0;
        }
    }
}

static void
clear_signed_fields(uint8_t *block, uint64_t size, uint64_t place)
{
    const char *image = (const char *)GetModuleHandleW(NULL);
    const IMAGE_DOS_HEADER *file = (const void *)image;
    const IMAGE_OPTIONAL_HEADER *headers =
        &((const IMAGE_NT_HEADERS *)(const void *)(image + file->e_lfanew))->OptionalHeader;
    const IMAGE_DATA_DIRECTORY *certificate = &headers->DataDirectory[IMAGE_DIRECTORY_ENTRY_SECURITY];

    clear(block, size, place, &headers->CheckSum, sizeof(headers->CheckSum));
    clear(block, size, place, certificate, sizeof(*certificate));
}

/* Check the blocks of a part; return the hashes of the next one. */
static const uint8_t *
check_part(HANDLE file, const struct digest *digest, const struct part *part, const uint8_t *hashes)
{
    static uint8_t block[BLOCK];
    uint8_t found[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    bool is_last = part + 1 == digest->parts + digest->header->part_count;
    uint64_t end = is_last ? digest->header->place : part[1].start;

    for (uint64_t place = part->start; place < end; place += BLOCK) {
        uint64_t size = end - place < BLOCK ? end - place : BLOCK;
        read_block(file, block, (DWORD)size, place);
        clear_signed_fields(block, size, place);
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
    HANDLE file = open_file();

    for (uint32_t i = 0; i < digest.header->part_count; i++) {
        hashes = check_part(file, &digest, &digest.parts[i], hashes);
    }
    CloseHandle(file);
}
