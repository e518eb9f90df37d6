/* What is asked of a handle that stands for a file or folder of the executable. See vfs/windows/own.h. */

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "vfs/windows/own.h"

DWORD WINAPI __real_GetFileType(HANDLE);
DWORD WINAPI __wrap_GetFileType(HANDLE);
BOOL WINAPI __real_GetFileInformationByHandle(HANDLE, LPBY_HANDLE_FILE_INFORMATION);
BOOL WINAPI __wrap_GetFileInformationByHandle(HANDLE, LPBY_HANDLE_FILE_INFORMATION);
BOOL WINAPI __real_GetFileInformationByHandleEx(HANDLE, FILE_INFO_BY_HANDLE_CLASS, LPVOID, DWORD);
BOOL WINAPI __wrap_GetFileInformationByHandleEx(HANDLE, FILE_INFO_BY_HANDLE_CLASS, LPVOID, DWORD);
BOOL WINAPI __real_GetFileTime(HANDLE, LPFILETIME, LPFILETIME, LPFILETIME);
BOOL WINAPI __wrap_GetFileTime(HANDLE, LPFILETIME, LPFILETIME, LPFILETIME);
DWORD WINAPI __real_GetFileSize(HANDLE, LPDWORD);
DWORD WINAPI __wrap_GetFileSize(HANDLE, LPDWORD);
BOOL WINAPI __real_GetFileSizeEx(HANDLE, PLARGE_INTEGER);
BOOL WINAPI __wrap_GetFileSizeEx(HANDLE, PLARGE_INTEGER);
DWORD WINAPI __real_GetFinalPathNameByHandleW(HANDLE, LPWSTR, DWORD, DWORD);
DWORD WINAPI __wrap_GetFinalPathNameByHandleW(HANDLE, LPWSTR, DWORD, DWORD);
BOOL WINAPI __real_ReadFile(HANDLE, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);
BOOL WINAPI __wrap_ReadFile(HANDLE, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);
BOOL WINAPI __real_SetFilePointerEx(HANDLE, LARGE_INTEGER, PLARGE_INTEGER, DWORD);
BOOL WINAPI __wrap_SetFilePointerEx(HANDLE, LARGE_INTEGER, PLARGE_INTEGER, DWORD);
DWORD WINAPI __real_SetFilePointer(HANDLE, LONG, PLONG, DWORD);
DWORD WINAPI __wrap_SetFilePointer(HANDLE, LONG, PLONG, DWORD);
BOOL WINAPI __real_DuplicateHandle(HANDLE, HANDLE, HANDLE, LPHANDLE, DWORD, BOOL, DWORD);
BOOL WINAPI __wrap_DuplicateHandle(HANDLE, HANDLE, HANDLE, LPHANDLE, DWORD, BOOL, DWORD);
HANDLE WINAPI __real_CreateFileMappingW(HANDLE, LPSECURITY_ATTRIBUTES, DWORD, DWORD, DWORD, LPCWSTR);
HANDLE WINAPI __wrap_CreateFileMappingW(HANDLE, LPSECURITY_ATTRIBUTES, DWORD, DWORD, DWORD, LPCWSTR);
BOOL WINAPI __real_CloseHandle(HANDLE);
BOOL WINAPI __wrap_CloseHandle(HANDLE);

DWORD WINAPI
__wrap_GetFileType(HANDLE file)
{
    const struct payload_record *record;

    return own_is_open(file, &record) ? FILE_TYPE_DISK : __real_GetFileType(file);
}

BOOL WINAPI
__wrap_GetFileInformationByHandle(HANDLE file, LPBY_HANDLE_FILE_INFORMATION facts)
{
    const struct payload_record *record;
    FILETIME time;

    if (!own_is_open(file, &record)) {
        return __real_GetFileInformationByHandle(file, facts);
    }
    time = own_time(record);
    *facts = (BY_HANDLE_FILE_INFORMATION){
        .dwFileAttributes = own_attributes(record),
        .ftCreationTime = time,
        .ftLastAccessTime = time,
        .ftLastWriteTime = time,
        .dwVolumeSerialNumber = OWN_VOLUME,
        .nFileSizeHigh = (DWORD)(own_size(record) >> 32),
        .nFileSizeLow = (DWORD)own_size(record),
        .nNumberOfLinks = 1,
        .nFileIndexLow = (DWORD)own_number(record),
    };
    return TRUE;
}

/* The information of one class; false for a class that nothing here has. */
static bool
fill(FILE_INFO_BY_HANDLE_CLASS kind, const struct payload_record *record, void *into, size_t size)
{
    FILETIME file_time = own_time(record);
    LARGE_INTEGER time = {.LowPart = file_time.dwLowDateTime,
                          .HighPart = (LONG)file_time.dwHighDateTime};
    union {
        FILE_BASIC_INFO basic;
        FILE_STANDARD_INFO standard;
        FILE_ATTRIBUTE_TAG_INFO tag;
        FILE_ID_INFO number;
    } facts = {0};
    uint64_t number = own_number(record);
    size_t needed;

    switch ((int)kind) {
    case FileBasicInfo:
        facts.basic = (FILE_BASIC_INFO){time, time, time, time, own_attributes(record)};
        needed = sizeof(facts.basic);
        break;
    case FileStandardInfo:
        facts.standard.EndOfFile.QuadPart = (LONGLONG)own_size(record);
        facts.standard.AllocationSize = facts.standard.EndOfFile;
        facts.standard.NumberOfLinks = 1;
        facts.standard.Directory = own_is_folder(record);
        needed = sizeof(facts.standard);
        break;
    case FileAttributeTagInfo:
        facts.tag.FileAttributes = own_attributes(record);
        needed = sizeof(facts.tag);
        break;
    case FileIdInfo:
        facts.number.VolumeSerialNumber = OWN_VOLUME;
        memcpy(&facts.number.FileId, &number, sizeof(number));
        needed = sizeof(facts.number);
        break;
    default:
        return false;
    }
    if (size < needed) {
        return false;
    }
    memcpy(into, &facts, needed);
    return true;
}

BOOL WINAPI
__wrap_GetFileInformationByHandleEx(HANDLE file, FILE_INFO_BY_HANDLE_CLASS kind, LPVOID into,
                                    DWORD size)
{
    const struct payload_record *record;

    if (!own_is_open(file, &record)) {
        return __real_GetFileInformationByHandleEx(file, kind, into, size);
    }
    return fill(kind, record, into, size) ? TRUE : OWN_FAIL(ERROR_INVALID_PARAMETER, FALSE);
}

BOOL WINAPI
__wrap_GetFileTime(HANDLE file, LPFILETIME created, LPFILETIME read, LPFILETIME written)
{
    const struct payload_record *record;
    LPFILETIME times[] = {created, read, written};

    if (!own_is_open(file, &record)) {
        return __real_GetFileTime(file, created, read, written);
    }
    for (size_t i = 0; i < 3; i++) {
        if (times[i] != NULL) {
            *times[i] = own_time(record);
        }
    }
    return TRUE;
}

DWORD WINAPI
__wrap_GetFileSize(HANDLE file, LPDWORD high)
{
    const struct payload_record *record;

    if (!own_is_open(file, &record)) {
        return __real_GetFileSize(file, high);
    }
    if (high != NULL) {
        *high = (DWORD)(own_size(record) >> 32);
    }
    SetLastError(ERROR_SUCCESS);
    return (DWORD)own_size(record);
}

BOOL WINAPI
__wrap_GetFileSizeEx(HANDLE file, PLARGE_INTEGER size)
{
    const struct payload_record *record;

    if (!own_is_open(file, &record)) {
        return __real_GetFileSizeEx(file, size);
    }
    size->QuadPart = (LONGLONG)own_size(record);
    return TRUE;
}

/* What `realpath` is made of: the path with its drive, spelled as it is, or nothing for other ways to
   name a volume. */
DWORD WINAPI
__wrap_GetFinalPathNameByHandleW(HANDLE file, LPWSTR into, DWORD room, DWORD flags)
{
    const struct payload_record *record;
    const wchar_t *root = own_root();
    bool is_share = wcsncmp(root, L"\\\\", 2) == 0;
    const wchar_t *verbatim = is_share ? L"\\\\?\\UNC" : L"\\\\?\\";
    wchar_t below[OWN_PATH_MAX];
    size_t size;

    if (!own_is_open(file, &record)) {
        return __real_GetFinalPathNameByHandleW(file, into, room, flags);
    }
    if ((flags & (VOLUME_NAME_GUID | VOLUME_NAME_NT | VOLUME_NAME_NONE)) != 0) {
        return OWN_FAIL(ERROR_PATH_NOT_FOUND, 0);
    }
    size = wcslen(verbatim) + wcslen(root) + 1 + own_path(record, below);
    if (size >= room) {
        return (DWORD)size + 1;
    }
    wcscpy(into, verbatim);
    wcscat(into, is_share ? root + 1 : root);
    if (record != NULL) {
        wcscat(into, L"\\");
        wcscat(into, below);
    }
    return (DWORD)wcslen(into);
}

BOOL WINAPI
__wrap_ReadFile(HANDLE file, LPVOID into, DWORD size, LPDWORD done, LPOVERLAPPED overlapped)
{
    const struct payload_record *record;
    size_t count;

    if (!own_is_open(file, &record)) {
        return __real_ReadFile(file, into, size, done, overlapped);
    }
    if (overlapped != NULL) {
        int64_t place = (int64_t)((uint64_t)overlapped->OffsetHigh << 32 | overlapped->Offset);
        own_seek(file, place, SEEK_SET);
    }
    count = own_read(file, into, size);
    if (done != NULL) {
        *done = (DWORD)count;
    }
    return count == 0 && size > 0 && overlapped != NULL ? OWN_FAIL(ERROR_HANDLE_EOF, FALSE) : TRUE;
}

BOOL WINAPI
__wrap_SetFilePointerEx(HANDLE file, LARGE_INTEGER distance, PLARGE_INTEGER reached, DWORD origin)
{
    const struct payload_record *record;
    int64_t place;

    if (!own_is_open(file, &record)) {
        return __real_SetFilePointerEx(file, distance, reached, origin);
    }
    place = own_seek(file, distance.QuadPart, (int)origin);
    if (place < 0) {
        return OWN_FAIL(ERROR_NEGATIVE_SEEK, FALSE);
    }
    if (reached != NULL) {
        reached->QuadPart = place;
    }
    return TRUE;
}

DWORD WINAPI
__wrap_SetFilePointer(HANDLE file, LONG low, PLONG high, DWORD origin)
{
    const struct payload_record *record;
    int64_t place;

    if (!own_is_open(file, &record)) {
        return __real_SetFilePointer(file, low, high, origin);
    }
    place = high ? (int64_t)((uint64_t)(uint32_t)*high << 32 | (uint32_t)low) : low;
    place = own_seek(file, place, (int)origin);
    if (place < 0) {
        return OWN_FAIL(ERROR_NEGATIVE_SEEK, INVALID_SET_FILE_POINTER);
    }
    if (high != NULL) {
        *high = (LONG)(place >> 32);
    }
    SetLastError(ERROR_SUCCESS);
    return (DWORD)place;
}

/* What another process gets, or is mapped, must be a file of the kernel's. */
BOOL WINAPI
__wrap_DuplicateHandle(HANDLE from, HANDLE file, HANDLE to, LPHANDLE made, DWORD access,
                       BOOL inherited, DWORD options)
{
    const struct payload_record *record;
    HANDLE copy;
    BOOL done;

    if (from != GetCurrentProcess() || !own_is_open(file, &record)) {
        return __real_DuplicateHandle(from, file, to, made, access, inherited, options);
    }
    copy = own_copy_of(file, NULL);
    if (copy == INVALID_HANDLE_VALUE) {
        return FALSE;
    }
    done = __real_DuplicateHandle(from, copy, to, made, access, inherited,
                                  options & ~(DWORD)DUPLICATE_CLOSE_SOURCE);
    __real_CloseHandle(copy);
    if (done && (options & DUPLICATE_CLOSE_SOURCE)) {
        __wrap_CloseHandle(file);
    }
    return done;
}

HANDLE WINAPI
__wrap_CreateFileMappingW(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD protection, DWORD high,
                          DWORD low, LPCWSTR name)
{
    const struct payload_record *record;
    HANDLE copy = file;
    HANDLE mapping;

    if (own_is_open(file, &record)) {
        copy = own_copy_of(file, NULL);
        if (copy == INVALID_HANDLE_VALUE) {
            return NULL;
        }
    }
    mapping = __real_CreateFileMappingW(copy, security, protection, high, low, name);
    if (copy != file) {
        __real_CloseHandle(copy); /* the mapping keeps the file */
    }
    return mapping;
}

BOOL WINAPI
__wrap_CloseHandle(HANDLE file)
{
    own_forget(file);
    return __real_CloseHandle(file);
}
