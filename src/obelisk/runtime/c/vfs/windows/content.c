/* What files of the executable contain, and what is said of them. See vfs/windows/own.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfs/mount.h"
#include "vfs/windows/own.h"

/* Seconds since 1970 of the top, which has no record: 1980-01-03 (vfs/vfs.h). */
#define TOP_TIME 315705600u

/* A FILETIME counts tenths of microseconds since 1601. */
#define FROM_1601_TO_1970 116444736000000000u

HANDLE WINAPI __real_CreateFileW(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
BOOL WINAPI __real_CloseHandle(HANDLE);
BOOL WINAPI __real_SetFilePointerEx(HANDLE, LARGE_INTEGER, PLARGE_INTEGER, DWORD);
BOOL WINAPI __real_DuplicateHandle(HANDLE, HANDLE, HANDLE, LPHANDLE, DWORD, BOOL, DWORD);

/* What errors of the system are called by the C library, of those that are set here. */
static int
errno_of(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return ENOENT;
    case ERROR_NOT_ENOUGH_MEMORY:
        return ENOMEM;
    case ERROR_TOO_MANY_OPEN_FILES:
        return EMFILE;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        return EEXIST;
    case ERROR_DIRECTORY:
        return ENOTDIR;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
        return EACCES;
    default:
        return EINVAL;
    }
}

void
own_set_error(DWORD error)
{
    _doserrno = error;
    errno = errno_of(error);
    SetLastError(error);
}

bool
own_content_open(const struct payload_record *record, struct own_content *content)
{
    *content = (struct own_content){NULL, record->size, NULL};
    if (!record->compressed) {
        content->bytes = payload_stored(vfs_payload(), record).start;
        return true;
    }
    content->memory = malloc(record->size + 1);
    if (content->memory == NULL
        || payload_expand(vfs_payload(), record, content->memory) != 0) {
        own_content_close(content);
        own_set_error(ERROR_NOT_ENOUGH_MEMORY);
        return false;
    }
    content->bytes = content->memory;
    return true;
}

void
own_content_close(struct own_content *content)
{
    free(content->memory);
    content->memory = NULL;
}

static bool
write_all(HANDLE file, const char *bytes, uint64_t size)
{
    while (size > 0) {
        DWORD part = size > 1u << 30 ? 1u << 30 : (DWORD)size;
        DWORD written = 0;

        if (!WriteFile(file, bytes, part, &written, NULL) || written == 0) {
            return false;
        }
        bytes += written;
        size -= written;
    }
    return true;
}

/* Create a file in the folder for temporary files that is removed when its last handle is closed. */
static HANDLE
create_temporary(void)
{
    wchar_t folder[MAX_PATH + 1];
    wchar_t name[MAX_PATH + 1];

    if (GetTempPathW(MAX_PATH + 1, folder) == 0 || GetTempFileNameW(folder, L"obl", 0, name) == 0) {
        return INVALID_HANDLE_VALUE;
    }
    return __real_CreateFileW(name, GENERIC_READ | GENERIC_WRITE | DELETE,
                              FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED
                                  | FILE_FLAG_DELETE_ON_CLOSE,
                              NULL);
}

HANDLE
own_copy(const struct own_content *content, const SECURITY_ATTRIBUTES *security)
{
    HANDLE self = GetCurrentProcess();
    HANDLE file = create_temporary();
    HANDLE copy = INVALID_HANDLE_VALUE;
    BOOL inherited = security != NULL && security->bInheritHandle;
    const LARGE_INTEGER start = {.QuadPart = 0};

    if (file == INVALID_HANDLE_VALUE) {
        return file;
    }
    /* The handle that is given on may only be read from. */
    if (!write_all(file, content->bytes, content->size)
        || !__real_SetFilePointerEx(file, start, NULL, FILE_BEGIN)
        || !__real_DuplicateHandle(self, file, self, &copy, GENERIC_READ, inherited, 0)) {
        copy = INVALID_HANDLE_VALUE;
    }
    __real_CloseHandle(file);
    return copy;
}

DWORD
own_attributes(const struct payload_record *record)
{
    return own_is_folder(record) ? FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY
                                 : FILE_ATTRIBUTE_READONLY;
}

FILETIME
own_time(const struct payload_record *record)
{
    uint64_t nanoseconds = record ? record->time : TOP_TIME * 1000000000ull;
    uint64_t time = nanoseconds / 100 + FROM_1601_TO_1970;

    return (FILETIME){(DWORD)time, (DWORD)(time >> 32)};
}

uint64_t
own_number(const struct payload_record *record)
{
    return record ? payload_position(vfs_payload(), PAYLOAD_FILES, record) + 2u : 1;
}

uint64_t
own_size(const struct payload_record *record)
{
    return own_is_folder(record) ? 0 : record->size;
}
