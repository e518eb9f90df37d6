/* Listing folders of the executable. See vfs/windows/own.h.

   What FindFirstFileW returns for one is an address, and so no handle of the kernel's. */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "vfs/mount.h"
#include "vfs/windows/folder.h"
#include "vfs/windows/own.h"

HANDLE WINAPI __real_FindFirstFileW(LPCWSTR, LPWIN32_FIND_DATAW);
HANDLE WINAPI __wrap_FindFirstFileW(LPCWSTR, LPWIN32_FIND_DATAW);
HANDLE WINAPI __real_FindFirstFileExW(LPCWSTR, FINDEX_INFO_LEVELS, LPVOID, FINDEX_SEARCH_OPS, LPVOID,
                                      DWORD);
HANDLE WINAPI __wrap_FindFirstFileExW(LPCWSTR, FINDEX_INFO_LEVELS, LPVOID, FINDEX_SEARCH_OPS, LPVOID,
                                      DWORD);
BOOL WINAPI __real_FindNextFileW(HANDLE, LPWIN32_FIND_DATAW);
BOOL WINAPI __wrap_FindNextFileW(HANDLE, LPWIN32_FIND_DATAW);
BOOL WINAPI __real_FindClose(HANDLE);
BOOL WINAPI __wrap_FindClose(HANDLE);

struct listing {
    struct listing *next;
    struct folder_range range;
    wchar_t pattern[FOLDER_NAME_MAX];
};

static struct listing *listings;
static _Atomic unsigned listing_count;
static SRWLOCK lock = SRWLOCK_INIT;

/* Say whether a name matches a pattern: `*` is any text, `?` any unit. */
static bool
matches(const wchar_t *pattern, const wchar_t *name)
{
    for (; *pattern != L'\0' && *pattern != L'*'; pattern++, name++) {
        if (*name == L'\0'
            || (*pattern != L'?' && CompareStringOrdinal(pattern, 1, name, 1, TRUE) != CSTR_EQUAL)) {
            return false;
        }
    }
    if (*pattern == L'\0') {
        return *name == L'\0';
    }
    for (;; name++) {
        if (matches(pattern + 1, name)) {
            return true;
        }
        if (*name == L'\0') {
            return false;
        }
    }
}

static bool
is_wild(const wchar_t *pattern)
{
    return wcspbrk(pattern, L"*?") != NULL;
}

static void
describe(const struct payload_record *record, WIN32_FIND_DATAW *facts)
{
    FILETIME time = own_time(record);

    memset(facts, 0, sizeof(*facts));
    facts->dwFileAttributes = own_attributes(record);
    facts->ftCreationTime = facts->ftLastAccessTime = facts->ftLastWriteTime = time;
    facts->nFileSizeHigh = (DWORD)(own_size(record) >> 32);
    facts->nFileSizeLow = (DWORD)own_size(record);
    folder_name(record, facts->cFileName);
}

static bool
step(struct listing *listing, WIN32_FIND_DATAW *facts)
{
    const struct payload_record *record;

    while ((record = folder_next(&listing->range)) != NULL) {
        describe(record, facts);
        if (matches(listing->pattern, facts->cFileName)) {
            return true;
        }
    }
    return false;
}

static HANDLE
begin(const struct payload_record *folder, const wchar_t *pattern, WIN32_FIND_DATAW *facts)
{
    struct listing *listing;

    if (!own_is_folder(folder)) {
        return OWN_FAIL(ERROR_DIRECTORY, INVALID_HANDLE_VALUE);
    }
    listing = wcslen(pattern) < FOLDER_NAME_MAX ? calloc(1, sizeof(*listing)) : NULL;
    if (listing == NULL) {
        return OWN_FAIL(ERROR_NOT_ENOUGH_MEMORY, INVALID_HANDLE_VALUE);
    }
    listing->range = folder_range(folder);
    wcscpy(listing->pattern, wcscmp(pattern, L"*.*") == 0 ? L"*" : pattern);
    if (!step(listing, facts)) {
        free(listing);
        return OWN_FAIL(ERROR_FILE_NOT_FOUND, INVALID_HANDLE_VALUE);
    }
    AcquireSRWLockExclusive(&lock);
    listing->next = listings;
    listings = listing;
    ReleaseSRWLockExclusive(&lock);
    atomic_fetch_add(&listing_count, 1);
    return listing;
}

/* Find the folder that a pattern is in: it is the part behind the last slash. */
static enum own_place
find_folder(const wchar_t *path, const wchar_t *pattern, const struct payload_record **folder)
{
    size_t size = (size_t)(pattern - path);
    wchar_t *text = malloc((size + 1) * sizeof(wchar_t));
    enum own_place place;

    *folder = NULL;
    if (text == NULL) {
        return OWN_FOREIGN;
    }
    wmemcpy(text, path, size);
    text[size] = L'\0';
    place = own_find(text, folder);
    free(text);
    return place;
}

static const wchar_t *
last_part(const wchar_t *path)
{
    const wchar_t *part = path;

    for (; *path != L'\0'; path++) {
        part = *path == L'\\' || *path == L'/' ? path + 1 : part;
    }
    return part;
}

/* Return false for a path that is another's; else `handle` is the answer. */
static bool
find_first(const wchar_t *path, WIN32_FIND_DATAW *facts, HANDLE *handle)
{
    const struct payload_record *record;
    const wchar_t *pattern;
    enum own_place place;

    if (path == NULL || vfs_payload() == NULL) {
        return false;
    }
    pattern = last_part(path);
    if (is_wild(pattern)) {
        place = find_folder(path, pattern, &record);
        if (place == OWN_NOWHERE && GetLastError() == ERROR_FILE_NOT_FOUND) {
            own_set_error(ERROR_PATH_NOT_FOUND); /* there is nothing only in a folder that is there */
        }
        if (place == OWN_THERE) {
            *handle = begin(record, pattern, facts);
        }
    }
    else {
        place = own_find(path, &record);
        if (place == OWN_THERE && record == NULL) {
            place = OWN_NOWHERE;
            own_set_error(ERROR_FILE_NOT_FOUND);
        }
        if (place == OWN_THERE) {
            wchar_t name[FOLDER_NAME_MAX];
            folder_name(record, name);
            place = find_folder(path, pattern, &record);
            *handle = begin(record, name, facts);
        }
    }
    if (place == OWN_NOWHERE) {
        *handle = INVALID_HANDLE_VALUE;
    }
    return place != OWN_FOREIGN;
}

HANDLE WINAPI
__wrap_FindFirstFileW(LPCWSTR path, LPWIN32_FIND_DATAW facts)
{
    HANDLE handle;

    return find_first(path, facts, &handle) ? handle : __real_FindFirstFileW(path, facts);
}

HANDLE WINAPI
__wrap_FindFirstFileExW(LPCWSTR path, FINDEX_INFO_LEVELS level, LPVOID facts,
                        FINDEX_SEARCH_OPS search, LPVOID filter, DWORD flags)
{
    HANDLE handle;

    return find_first(path, facts, &handle)
               ? handle
               : __real_FindFirstFileExW(path, level, facts, search, filter, flags);
}

/* Return the listing that an address is of, or NULL, and with `take` take it out of the list. */
static struct listing *
find_listing(HANDLE handle, bool take)
{
    struct listing **place = &listings;
    struct listing *found;

    if (listing_count == 0) {
        return NULL;
    }
    AcquireSRWLockExclusive(&lock);
    while (*place != NULL && *place != handle) {
        place = &(*place)->next;
    }
    found = *place;
    if (found != NULL && take) {
        *place = found->next;
        atomic_fetch_sub(&listing_count, 1);
    }
    ReleaseSRWLockExclusive(&lock);
    return found;
}

BOOL WINAPI
__wrap_FindNextFileW(HANDLE handle, LPWIN32_FIND_DATAW facts)
{
    struct listing *listing = find_listing(handle, false);

    if (listing == NULL) {
        return __real_FindNextFileW(handle, facts);
    }
    return step(listing, facts) ? TRUE : OWN_FAIL(ERROR_NO_MORE_FILES, FALSE);
}

BOOL WINAPI
__wrap_FindClose(HANDLE handle)
{
    struct listing *listing = find_listing(handle, true);

    if (listing == NULL) {
        return __real_FindClose(handle);
    }
    free(listing);
    return TRUE;
}
