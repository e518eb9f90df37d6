/* Opening files and folders of the executable. See vfs/windows/own.h. */

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os/windows/text.h"
#include "vfs/windows/own.h"

#define READING (GENERIC_READ | GENERIC_EXECUTE | GENERIC_ALL | FILE_READ_DATA | FILE_EXECUTE)
#define WRITING                                                                                    \
    (GENERIC_WRITE | GENERIC_ALL | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES      \
     | FILE_WRITE_EA | DELETE | WRITE_DAC | WRITE_OWNER)

HANDLE WINAPI __real_CreateFileW(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
HANDLE WINAPI __wrap_CreateFileW(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
HANDLE WINAPI __real_CreateFileA(LPCSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
HANDLE WINAPI __wrap_CreateFileA(LPCSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
int __real__wopen(const wchar_t *, int, int);
int __wrap__wopen(const wchar_t *, int, int);
int __real__open(const char *, int, int);
int __wrap__open(const char *, int, int);
int __real_open(const char *, int, int);
int __wrap_open(const char *, int, int);
FILE *__real__wfopen(const wchar_t *, const wchar_t *);
FILE *__wrap__wfopen(const wchar_t *, const wchar_t *);
FILE *__real_fopen(const char *, const char *);
FILE *__wrap_fopen(const char *, const char *);

/* What is wrong with a way to open that would change something; ERROR_SUCCESS when nothing is. */
static DWORD
why_not_opened(enum own_place place, DWORD access, DWORD disposition)
{
    if (place == OWN_NOWHERE) {
        bool creates = disposition != OPEN_EXISTING && disposition != TRUNCATE_EXISTING;
        return creates && GetLastError() == ERROR_FILE_NOT_FOUND ? ERROR_WRITE_PROTECT : GetLastError();
    }
    if (disposition == CREATE_NEW) {
        return ERROR_FILE_EXISTS;
    }
    if (disposition == CREATE_ALWAYS || disposition == TRUNCATE_EXISTING || (access & WRITING)) {
        return ERROR_WRITE_PROTECT;
    }
    return ERROR_SUCCESS;
}

static HANDLE
open_found(const struct payload_record *record, DWORD access, DWORD flags,
           const SECURITY_ATTRIBUTES *security)
{
    struct own_content content;
    HANDLE handle;

    if (own_is_folder(record) && !(flags & FILE_FLAG_BACKUP_SEMANTICS)) {
        return OWN_FAIL(ERROR_ACCESS_DENIED, INVALID_HANDLE_VALUE);
    }
    if (own_is_folder(record) || !(access & READING)) {
        return own_open(record, NULL, security);
    }
    /* Whoever reads it by handle may lock it, map it or give it on, for which it must be a file. */
    if (!own_content_open(record, &content)) {
        return INVALID_HANDLE_VALUE;
    }
    handle = own_copy(&content, security);
    own_content_close(&content);
    return handle;
}

HANDLE WINAPI
__wrap_CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                   DWORD disposition, DWORD flags, HANDLE template)
{
    const struct payload_record *record;
    enum own_place place = own_find(name, &record);
    DWORD wrong;

    if (place == OWN_FOREIGN) {
        return __real_CreateFileW(name, access, share, security, disposition, flags, template);
    }
    wrong = why_not_opened(place, access, disposition);
    if (wrong != ERROR_SUCCESS) {
        return OWN_FAIL(wrong, INVALID_HANDLE_VALUE);
    }
    return open_found(record, access, flags, security);
}

/* Paths in bytes are in the code page of the process, which the manifest says is UTF-8. */
HANDLE WINAPI
__wrap_CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                   DWORD disposition, DWORD flags, HANDLE template)
{
    wchar_t *wide = name && own_is_below(name) ? text_to_wide(name) : NULL;
    HANDLE handle;

    if (wide == NULL) {
        return __real_CreateFileA(name, access, share, security, disposition, flags, template);
    }
    handle = __wrap_CreateFileW(wide, access, share, security, disposition, flags, template);
    free(wide);
    return handle;
}

static int
open_descriptor(const struct payload_record *record, int flags)
{
    SECURITY_ATTRIBUTES security = {sizeof(security), NULL, !(flags & _O_NOINHERIT)};
    struct own_content content;
    HANDLE handle;
    int file;

    if (own_is_folder(record)) {
        return OWN_FAIL(ERROR_ACCESS_DENIED, -1);
    }
    if (!own_content_open(record, &content)) {
        return -1;
    }
    handle = own_open(record, &content, &security);
    if (handle == INVALID_HANDLE_VALUE) {
        own_content_close(&content);
        return OWN_FAIL(GetLastError(), -1);
    }
    file = _open_osfhandle((intptr_t)handle, flags & (_O_NOINHERIT | _O_TEXT | _O_BINARY));
    if (file < 0) {
        own_forget(handle);
        CloseHandle(handle);
        errno = EMFILE;
    }
    return file;
}

int
__wrap__wopen(const wchar_t *name, int flags, int mode)
{
    const struct payload_record *record;
    enum own_place place = own_find(name, &record);
    bool writes = (flags & (_O_WRONLY | _O_RDWR)) != 0;
    DWORD disposition = (flags & _O_CREAT)   ? (flags & _O_EXCL ? CREATE_NEW : OPEN_ALWAYS)
                        : (flags & _O_TRUNC) ? TRUNCATE_EXISTING
                                             : OPEN_EXISTING;
    DWORD wrong;

    if (place == OWN_FOREIGN) {
        return __real__wopen(name, flags, mode);
    }
    wrong = why_not_opened(place, writes ? GENERIC_WRITE : GENERIC_READ, disposition);
    if (wrong != ERROR_SUCCESS) {
        return OWN_FAIL(wrong, -1);
    }
    return open_descriptor(record, flags);
}

static int
open_bytes(const char *name, int flags, int mode)
{
    wchar_t *wide = text_to_wide(name);
    int file = wide ? __wrap__wopen(wide, flags, mode) : -1;

    free(wide);
    return file;
}

int
__wrap__open(const char *name, int flags, int mode)
{
    return own_is_below(name) ? open_bytes(name, flags, mode) : __real__open(name, flags, mode);
}

int
__wrap_open(const char *name, int flags, int mode)
{
    return own_is_below(name) ? open_bytes(name, flags, mode) : __real_open(name, flags, mode);
}

/* The C library reads a stream by its own calls, so it is given a file. */
FILE *
__wrap__wfopen(const wchar_t *name, const wchar_t *mode)
{
    const struct payload_record *record;
    enum own_place place = own_find(name, &record);
    HANDLE handle;
    FILE *stream;
    int file;

    if (place == OWN_FOREIGN) {
        return __real__wfopen(name, mode);
    }
    if (place == OWN_NOWHERE && mode[0] == L'r') {
        return NULL;
    }
    if (mode[0] != L'r' || wcschr(mode, L'+') != NULL) {
        return OWN_FAIL(ERROR_WRITE_PROTECT, NULL);
    }
    handle = open_found(record, GENERIC_READ, 0, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        return OWN_FAIL(GetLastError(), NULL);
    }
    file = _open_osfhandle((intptr_t)handle,
                           _O_RDONLY | _O_NOINHERIT | (wcschr(mode, L'b') ? _O_BINARY : _O_TEXT));
    stream = file < 0 ? NULL : _wfdopen(file, mode);
    if (stream == NULL) {
        CloseHandle(handle);
    }
    return stream;
}

FILE *
__wrap_fopen(const char *name, const char *mode)
{
    wchar_t *wide = own_is_below(name) ? text_to_wide(name) : NULL;
    wchar_t *wide_mode = wide ? text_to_wide(mode) : NULL;
    FILE *stream = NULL;

    if (wide == NULL) {
        return __real_fopen(name, mode);
    }
    if (wide_mode != NULL) {
        stream = __wrap__wfopen(wide, wide_mode);
    }
    free(wide_mode);
    free(wide);
    return stream;
}
