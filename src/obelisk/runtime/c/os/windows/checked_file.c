/* See os/checked_file.h.

   A signature may be added later, which changes two fields of the file's headers: the checksum, and where
   the certificate is. The digest was made with zeros there, as signatures are. What a signature adds stands
   behind the digest. */

#include "os/checked_file.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

#include "os/os.h"
#include "os/windows/text.h"

intptr_t
checked_file_open(void)
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
    return (intptr_t)file;
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

void
checked_file_read(intptr_t file, uint8_t *block, uint32_t size, uint64_t place)
{
    OVERLAPPED from = {.Offset = (DWORD)place, .OffsetHigh = (DWORD)(place >> 32)};
    DWORD done = 0;

    if (!ReadFile((HANDLE)file, block, size, &done, &from) && GetLastError() != ERROR_HANDLE_EOF) {
        os_die_of_error("cannot verify this executable");
    }
    if (done != size) {
        os_die(OS_EXIT_DAMAGED, "corrupt executable: file truncated");
    }
    clear_signed_fields(block, size, place);
}

void
checked_file_close(intptr_t file)
{
    CloseHandle((HANDLE)file);
}
