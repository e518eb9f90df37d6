/* What is asked of a path below the executable. See vfs/windows/own.h.

   Newer systems say all that CPython wants to know of a file by one call, which it looks up by name
   (GetFileInformationByName): so that lookup is answered here. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <wchar.h>

#include "os/windows/text.h"
#include "pe/objects.h"
#include "vfs/windows/own.h"

DWORD WINAPI __real_GetFileAttributesW(LPCWSTR);
DWORD WINAPI __wrap_GetFileAttributesW(LPCWSTR);
BOOL WINAPI __real_GetFileAttributesExW(LPCWSTR, GET_FILEEX_INFO_LEVELS, LPVOID);
BOOL WINAPI __wrap_GetFileAttributesExW(LPCWSTR, GET_FILEEX_INFO_LEVELS, LPVOID);
FARPROC WINAPI __real_GetProcAddress(HMODULE, LPCSTR);
FARPROC WINAPI __wrap_GetProcAddress(HMODULE, LPCSTR);

DWORD WINAPI
__wrap_GetFileAttributesW(LPCWSTR name)
{
    const struct payload_record *record;

    switch (own_find(name, &record)) {
    case OWN_FOREIGN:
        return __real_GetFileAttributesW(name);
    case OWN_THERE:
        return own_attributes(record);
    default:
        return INVALID_FILE_ATTRIBUTES;
    }
}

BOOL WINAPI
__wrap_GetFileAttributesExW(LPCWSTR name, GET_FILEEX_INFO_LEVELS level, LPVOID into)
{
    const struct payload_record *record;
    enum own_place place = own_find(name, &record);
    FILETIME time;

    if (place == OWN_FOREIGN) {
        return __real_GetFileAttributesExW(name, level, into);
    }
    if (place == OWN_NOWHERE) {
        return FALSE;
    }
    time = own_time(record);
    *(WIN32_FILE_ATTRIBUTE_DATA *)into = (WIN32_FILE_ATTRIBUTE_DATA){
        .dwFileAttributes = own_attributes(record),
        .ftCreationTime = time,
        .ftLastAccessTime = time,
        .ftLastWriteTime = time,
        .nFileSizeHigh = (DWORD)(own_size(record) >> 32),
        .nFileSizeLow = (DWORD)own_size(record),
    };
    return TRUE;
}

/* FILE_STAT_BASIC_INFORMATION of the Windows SDK, which mingw-w64 does not have yet, and the number of
   its class. */
struct basic_information {
    LARGE_INTEGER number;
    LARGE_INTEGER created;
    LARGE_INTEGER accessed;
    LARGE_INTEGER written;
    LARGE_INTEGER changed;
    LARGE_INTEGER allocated;
    LARGE_INTEGER size;
    ULONG attributes;
    ULONG tag;
    ULONG links;
    ULONG device_type;
    ULONG device_characteristics;
    ULONG reserved;
    LARGE_INTEGER volume;
    uint8_t long_number[16];
};
#define BASIC_INFORMATION 3
#define DEVICE_IS_DISK 7

typedef BOOL(WINAPI *by_name)(PCWSTR, int, PVOID, ULONG);

static by_name information_by_name;

static void
fill_basic(const struct payload_record *record, struct basic_information *facts)
{
    FILETIME time = own_time(record);
    uint64_t number = own_number(record);
    LARGE_INTEGER whole = {.LowPart = time.dwLowDateTime, .HighPart = (LONG)time.dwHighDateTime};

    *facts = (struct basic_information){
        .number.QuadPart = (LONGLONG)number,
        .created = whole,
        .accessed = whole,
        .written = whole,
        .changed = whole,
        .allocated.QuadPart = (LONGLONG)own_size(record),
        .size.QuadPart = (LONGLONG)own_size(record),
        .attributes = own_attributes(record),
        .links = 1,
        .device_type = DEVICE_IS_DISK,
        .volume.QuadPart = OWN_VOLUME,
    };
    memcpy(facts->long_number, &number, sizeof(number));
}

static BOOL WINAPI
own_information_by_name(PCWSTR name, int kind, PVOID into, ULONG size)
{
    const struct payload_record *record;
    enum own_place place = own_find(name, &record);

    if (place == OWN_FOREIGN) {
        return information_by_name(name, kind, into, size);
    }
    if (place == OWN_NOWHERE) {
        return FALSE;
    }
    if (kind != BASIC_INFORMATION || size < sizeof(struct basic_information)) {
        return OWN_FAIL(ERROR_NOT_SUPPORTED, FALSE);
    }
    fill_basic(record, into);
    return TRUE;
}

/* A function may also be asked for by its number, which is no address. */
FARPROC WINAPI
__wrap_GetProcAddress(HMODULE module, LPCSTR name)
{
    FARPROC found = NULL;

    if (pe_objects_symbol(module, name, &found)) {
        return found;
    }
    found = __real_GetProcAddress(module, name);
    if (found != NULL && (uintptr_t)name > 0xffff && strcmp(name, "GetFileInformationByName") == 0) {
        information_by_name = (by_name)(void (*)(void))found;
        return (FARPROC)(void (*)(void))own_information_by_name;
    }
    return found;
}

/* The C library's own ways to ask, for OpenSSL and the like: the same for each width of size and time. */
#define STAT(call, structure)                                                                      \
    int __real_##call(const wchar_t *, struct structure *);                                        \
    int __wrap_##call(const wchar_t *, struct structure *);                                        \
    int __wrap_##call(const wchar_t *name, struct structure *answer)                               \
    {                                                                                              \
        const struct payload_record *record;                                                       \
        enum own_place place = own_find(name, &record);                                            \
                                                                                                   \
        if (place != OWN_THERE) {                                                                  \
            return place == OWN_FOREIGN ? __real_##call(name, answer) : -1;                        \
        }                                                                                          \
        *answer = (struct structure){                                                              \
            .st_mode = own_is_folder(record) ? _S_IFDIR | 0555 : _S_IFREG | 0444,                  \
            .st_nlink = 1,                                                                         \
            .st_size = (__typeof__(answer->st_size))own_size(record),                              \
            .st_mtime = (__typeof__(answer->st_mtime))own_seconds(record),                         \
            .st_atime = (__typeof__(answer->st_mtime))own_seconds(record),                         \
            .st_ctime = (__typeof__(answer->st_mtime))own_seconds(record),                         \
        };                                                                                         \
        return 0;                                                                                  \
    }

#define STAT_BYTES(call, wide, structure)                                                          \
    int __real_##call(const char *, struct structure *);                                           \
    int __wrap_##call(const char *, struct structure *);                                           \
    int __wrap_##call(const char *name, struct structure *answer)                                  \
    {                                                                                              \
        wchar_t *text = own_is_below(name) ? text_to_wide(name) : NULL;                            \
        int status = text ? __wrap_##wide(text, answer) : __real_##call(name, answer);             \
                                                                                                   \
        free(text);                                                                                \
        return status;                                                                             \
    }

static int64_t
own_seconds(const struct payload_record *record)
{
    FILETIME time = own_time(record);

    return (int64_t)(((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) / 10000000)
           - 11644473600;
}

STAT(_wstat64, _stat64)
STAT(_wstat64i32, _stat64i32)
STAT_BYTES(_stat64, _wstat64, _stat64)
STAT_BYTES(_stat64i32, _wstat64i32, _stat64i32)
