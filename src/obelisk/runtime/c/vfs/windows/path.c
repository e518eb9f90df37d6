/* Which paths lead below the executable. See vfs/windows/own.h. */

#include <stdlib.h>
#include <string.h>

#include "os/windows/text.h"
#include "vfs/mount.h"
#include "vfs/windows/folder.h"
#include "vfs/windows/own.h"

/* A spelling of the executable's path, without a slash behind. */
struct spelling {
    wchar_t *text;
    const wchar_t *name; /* its last part */
    size_t size;
    size_t name_size;
};

/* As the system has it, and with the short names that it may give to folders and files. */
static struct spelling spellings[2];

static bool
is_slash(wchar_t unit)
{
    return unit == L'\\' || unit == L'/';
}

/* Letters are of any case, as the system compares names. */
static bool
equal(const wchar_t *one, const wchar_t *two, size_t size)
{
    return CompareStringOrdinal(one, (int)size, two, (int)size, TRUE) == CSTR_EQUAL;
}

static void
spell(struct spelling *spelling, wchar_t *text)
{
    const wchar_t *slash = text ? wcsrchr(text, L'\\') : NULL;

    if (slash != NULL) {
        spelling->text = text;
        spelling->name = slash + 1;
        spelling->size = wcslen(text);
        spelling->name_size = wcslen(slash + 1);
    }
}

static wchar_t *
short_path(const wchar_t *path)
{
    DWORD room = path ? GetShortPathNameW(path, NULL, 0) : 0;
    wchar_t *text = room ? malloc(room * sizeof(wchar_t)) : NULL;
    DWORD size = text ? GetShortPathNameW(path, text, room) : 0;

    if (size == 0 || size >= room || wcscmp(text, path) == 0) {
        free(text);
        return NULL;
    }
    return text;
}

void
own_mount(const char *executable)
{
    spell(&spellings[0], text_to_wide(executable));
    spell(&spellings[1], short_path(spellings[0].text));
}

const wchar_t *
own_root(void)
{
    return spellings[0].text;
}

static bool
is_name(const wchar_t *part, size_t size)
{
    for (size_t i = 0; i < 2; i++) {
        if (size == spellings[i].name_size && size > 0 && equal(part, spellings[i].name, size)) {
            return true;
        }
    }
    return false;
}

/* Say whether a part of a path that a slash follows is called as the executable is: a quick test, which
   nearly all paths fail. */
static bool
may_be_below(const wchar_t *path)
{
    const wchar_t *part = path;

    for (; *path != L'\0'; path++) {
        if (is_slash(*path) || *path == L':') {
            if (is_slash(*path) && is_name(part, (size_t)(path - part))) {
                return true;
            }
            part = path + 1;
        }
    }
    return false;
}

/* Return a path as the system makes it absolute, without parts of dots, in memory that is to be freed. */
static wchar_t *
absolute(const wchar_t *path)
{
    DWORD room;
    DWORD size;
    wchar_t *text;

    if (wcsncmp(path, L"\\\\?\\", 4) == 0 || wcsncmp(path, L"\\\\.\\", 4) == 0) {
        path += 4;
        path += wcsnlen(path, 2) == 2 && path[1] == L':' ? 0 : -4; /* a share or device stays one */
    }
    room = GetFullPathNameW(path, 0, NULL, NULL);
    text = room ? malloc(room * sizeof(wchar_t)) : NULL;
    size = text ? GetFullPathNameW(path, room, text, NULL) : 0;
    if (size == 0 || size >= room) {
        free(text);
        return NULL;
    }
    return text;
}

/* Return what follows a spelling of the executable's path and a slash, or NULL. */
static const wchar_t *
rest_below(const wchar_t *text)
{
    size_t size = wcslen(text);

    for (size_t i = 0; i < 2; i++) {
        const struct spelling *own = &spellings[i];
        if (own->size > 0 && size > own->size && text[own->size] == L'\\'
            && equal(text, own->text, own->size)) {
            return text + own->size + 1;
        }
    }
    return NULL;
}

/* Return the part of a path that is below the executable, with slashes, in memory that is to be freed;
   NULL for another path, and when there is no memory. */
static char *
below(const wchar_t *path)
{
    wchar_t *text;
    const wchar_t *rest;
    char *bytes;

    if (vfs_payload() == NULL || path == NULL || !may_be_below(path)) {
        return NULL;
    }
    text = absolute(path);
    rest = text ? rest_below(text) : NULL;
    bytes = rest ? text_from_wide(rest) : NULL;
    free(text);
    for (char *at = bytes; at != NULL && (at = strchr(at, '\\')) != NULL;) {
        *at = '/';
    }
    return bytes;
}

char *
own_below(const char *path)
{
    wchar_t *wide = text_to_wide(path);
    char *found = wide ? below(wide) : NULL;

    free(wide);
    return found;
}

bool
own_is_below(const char *path)
{
    char *found = own_below(path);

    free(found);
    return found != NULL;
}

enum own_place
own_find(const wchar_t *path, const struct payload_record **record)
{
    char *text = below(path);
    DWORD error;

    *record = NULL;
    if (text == NULL) {
        return OWN_FOREIGN;
    }
    error = folder_get(text, record);
    free(text);
    if (error != ERROR_SUCCESS) {
        own_set_error(error);
        return OWN_NOWHERE;
    }
    return OWN_THERE;
}

bool
own_has(const char *path)
{
    const struct payload_record *record;
    char *text = vfs_payload() ? strdup(path) : NULL;
    bool found;

    for (char *at = text; at != NULL && (at = strchr(at, '\\')) != NULL;) {
        *at = '/';
    }
    found = text != NULL && folder_get(text, &record) == ERROR_SUCCESS;
    free(text);
    return found;
}
