/* What would change a file of the executable is refused, and what copies one out of it is done. See
   vfs/windows/own.h. */

#include <errno.h>
#include <io.h>
#include <string.h>

#include "vfs/windows/own.h"

HANDLE WINAPI __real_CreateFileW(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
BOOL WINAPI __real_CloseHandle(HANDLE);

/* The error of what cannot be changed: that of a medium that is write-protected, or of a path that
   leads to nothing. */
static DWORD
refusal(const wchar_t *path, bool makes)
{
    const struct payload_record *record;

    switch (own_find(path, &record)) {
    case OWN_FOREIGN:
        return ERROR_SUCCESS;
    case OWN_THERE:
        return makes ? ERROR_ALREADY_EXISTS : ERROR_WRITE_PROTECT;
    default:
        return makes && GetLastError() == ERROR_FILE_NOT_FOUND ? ERROR_WRITE_PROTECT : GetLastError();
    }
}

#define REFUSE(path, makes, real)                                                            \
    {                                                                                              \
        DWORD wrong = refusal(path, makes);                                                        \
                                                                                                   \
        return wrong != ERROR_SUCCESS ? OWN_FAIL(wrong, FALSE) : real;                             \
    }

BOOL WINAPI __real_DeleteFileW(LPCWSTR);
BOOL WINAPI __wrap_DeleteFileW(LPCWSTR);
BOOL WINAPI __real_RemoveDirectoryW(LPCWSTR);
BOOL WINAPI __wrap_RemoveDirectoryW(LPCWSTR);
BOOL WINAPI __real_CreateDirectoryW(LPCWSTR, LPSECURITY_ATTRIBUTES);
BOOL WINAPI __wrap_CreateDirectoryW(LPCWSTR, LPSECURITY_ATTRIBUTES);
BOOL WINAPI __real_SetFileAttributesW(LPCWSTR, DWORD);
BOOL WINAPI __wrap_SetFileAttributesW(LPCWSTR, DWORD);
BOOL WINAPI __real_MoveFileExW(LPCWSTR, LPCWSTR, DWORD);
BOOL WINAPI __wrap_MoveFileExW(LPCWSTR, LPCWSTR, DWORD);
BOOL WINAPI __real_CreateHardLinkW(LPCWSTR, LPCWSTR, LPSECURITY_ATTRIBUTES);
BOOL WINAPI __wrap_CreateHardLinkW(LPCWSTR, LPCWSTR, LPSECURITY_ATTRIBUTES);
BOOL WINAPI __real_SetCurrentDirectoryW(LPCWSTR);
BOOL WINAPI __wrap_SetCurrentDirectoryW(LPCWSTR);

BOOL WINAPI
__wrap_DeleteFileW(LPCWSTR path)
REFUSE(path, false, __real_DeleteFileW(path))

BOOL WINAPI
__wrap_RemoveDirectoryW(LPCWSTR path)
REFUSE(path, false, __real_RemoveDirectoryW(path))

BOOL WINAPI
__wrap_CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security)
REFUSE(path, true, __real_CreateDirectoryW(path, security))

BOOL WINAPI
__wrap_SetFileAttributesW(LPCWSTR path, DWORD attributes)
REFUSE(path, false, __real_SetFileAttributesW(path, attributes))

/* A new name that is in the executable would be a change of it, whatever the file was. */
static DWORD
refusal_of_two(const wchar_t *from, const wchar_t *to)
{
    DWORD wrong = refusal(from, false);

    if (wrong == ERROR_SUCCESS && to != NULL) {
        wrong = refusal(to, false);
        wrong = wrong == ERROR_FILE_NOT_FOUND ? ERROR_WRITE_PROTECT : wrong;
    }
    return wrong;
}

BOOL WINAPI
__wrap_MoveFileExW(LPCWSTR from, LPCWSTR to, DWORD flags)
{
    DWORD wrong = refusal_of_two(from, to);

    return wrong != ERROR_SUCCESS ? OWN_FAIL(wrong, FALSE) : __real_MoveFileExW(from, to, flags);
}

BOOL WINAPI
__wrap_CreateHardLinkW(LPCWSTR made, LPCWSTR file, LPSECURITY_ATTRIBUTES security)
{
    DWORD wrong = refusal_of_two(file, made);

    return wrong != ERROR_SUCCESS ? OWN_FAIL(wrong, FALSE)
                                  : __real_CreateHardLinkW(made, file, security);
}

/* The system keeps a handle on the working folder, which must be one of its own. */
BOOL WINAPI
__wrap_SetCurrentDirectoryW(LPCWSTR path)
{
    const struct payload_record *record;

    switch (own_find(path, &record)) {
    case OWN_FOREIGN:
        return __real_SetCurrentDirectoryW(path);
    case OWN_THERE:
        return OWN_FAIL(own_is_folder(record) ? ERROR_ACCESS_DENIED : ERROR_DIRECTORY, FALSE);
    default:
        return FALSE;
    }
}

static bool
write_copy(HANDLE file, const struct own_content *content)
{
    uint64_t written = 0;

    while (written < content->size) {
        DWORD part = content->size - written > 1u << 30 ? 1u << 30 : (DWORD)(content->size - written);
        DWORD done = 0;

        if (!WriteFile(file, content->bytes + written, part, &done, NULL) || done == 0) {
            return false;
        }
        written += done;
    }
    return true;
}

/* Write a file of the executable to a path of the system, with its time; the copy can be written to. */
static DWORD
copy_out(const struct payload_record *record, const wchar_t *to, bool fails_if_there)
{
    struct own_content content;
    FILETIME time = own_time(record);
    DWORD error = ERROR_SUCCESS;
    HANDLE file;

    if (own_is_folder(record)) {
        return ERROR_ACCESS_DENIED;
    }
    if (!own_content_open(record, &content)) {
        return GetLastError();
    }
    file = __real_CreateFileW(to, GENERIC_WRITE, 0, NULL, fails_if_there ? CREATE_NEW : CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        error = GetLastError();
    }
    else {
        if (!write_copy(file, &content) || !SetFileTime(file, &time, &time, &time)) {
            error = GetLastError();
        }
        __real_CloseHandle(file);
    }
    own_content_close(&content);
    return error;
}

/* Say whether the executable takes part in a copy; `error` is how that went. */
static bool
copies(const wchar_t *from, const wchar_t *to, bool fails_if_there, DWORD *error)
{
    const struct payload_record *record;
    enum own_place place;

    *error = refusal(to, false);
    if (*error != ERROR_SUCCESS) {
        *error = *error == ERROR_FILE_NOT_FOUND ? ERROR_WRITE_PROTECT : *error;
        return true;
    }
    place = own_find(from, &record);
    if (place == OWN_NOWHERE) {
        *error = GetLastError();
    }
    else if (place == OWN_THERE) {
        *error = copy_out(record, to, fails_if_there);
    }
    return place != OWN_FOREIGN;
}

BOOL WINAPI __real_CopyFileW(LPCWSTR, LPCWSTR, BOOL);
BOOL WINAPI __wrap_CopyFileW(LPCWSTR, LPCWSTR, BOOL);
BOOL WINAPI __real_CopyFileExW(LPCWSTR, LPCWSTR, LPPROGRESS_ROUTINE, LPVOID, LPBOOL, DWORD);
BOOL WINAPI __wrap_CopyFileExW(LPCWSTR, LPCWSTR, LPPROGRESS_ROUTINE, LPVOID, LPBOOL, DWORD);
HRESULT WINAPI __real_CopyFile2(PCWSTR, PCWSTR, COPYFILE2_EXTENDED_PARAMETERS *);
HRESULT WINAPI __wrap_CopyFile2(PCWSTR, PCWSTR, COPYFILE2_EXTENDED_PARAMETERS *);

BOOL WINAPI
__wrap_CopyFileW(LPCWSTR from, LPCWSTR to, BOOL fails_if_there)
{
    DWORD error;

    if (!copies(from, to, fails_if_there, &error)) {
        return __real_CopyFileW(from, to, fails_if_there);
    }
    return error == ERROR_SUCCESS ? TRUE : OWN_FAIL(error, FALSE);
}

BOOL WINAPI
__wrap_CopyFileExW(LPCWSTR from, LPCWSTR to, LPPROGRESS_ROUTINE progress, LPVOID data,
                   LPBOOL cancel, DWORD flags)
{
    DWORD error;

    if (!copies(from, to, (flags & COPY_FILE_FAIL_IF_EXISTS) != 0, &error)) {
        return __real_CopyFileExW(from, to, progress, data, cancel, flags);
    }
    return error == ERROR_SUCCESS ? TRUE : OWN_FAIL(error, FALSE);
}

HRESULT WINAPI
__wrap_CopyFile2(PCWSTR from, PCWSTR to, COPYFILE2_EXTENDED_PARAMETERS *parameters)
{
    bool fails = parameters != NULL && (parameters->dwCopyFlags & COPY_FILE_FAIL_IF_EXISTS) != 0;
    DWORD error;

    if (!copies(from, to, fails, &error)) {
        return __real_CopyFile2(from, to, parameters);
    }
    return HRESULT_FROM_WIN32(error);
}
