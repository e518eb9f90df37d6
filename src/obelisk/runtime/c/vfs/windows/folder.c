/* What stands where below the executable. See vfs/windows/folder.h.

   The key of a file is its folder, a zero byte and its own name (payload/payload.h), so what is in a folder
   stands side by side. Names are looked up as they are spelled first: whoever asks for another case pays. */

#include "vfs/windows/folder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "os/windows/text.h"
#include "vfs/mount.h"
#include "vfs/windows/own.h"

static const struct payload_record *
find(const char *path, size_t size)
{
    char key[PATH_MAX + 1];
    struct payload_span name = {key, size};
    const char *slash = memrchr(path, '/', size);

    if (size >= PATH_MAX) {
        return NULL;
    }
    if (slash == NULL) {
        key[0] = '\0';
        memcpy(key + 1, path, size);
        name.size++;
    }
    else {
        memcpy(key, path, size);
        key[slash - path] = '\0';
    }
    return payload_find(vfs_payload(), PAYLOAD_FILES, name);
}

/* Return the key's parts: the folder up to a zero byte, and the name behind it. */
static struct payload_span
name_of(const struct payload_record *record)
{
    struct payload_span key = payload_name(vfs_payload(), record);
    const char *zero = memchr(key.start, '\0', key.size);
    size_t skipped = zero ? (size_t)(zero - key.start) + 1 : 0;

    key.start += skipped;
    key.size -= skipped;
    return key;
}

size_t
folder_name(const struct payload_record *record, wchar_t *into)
{
    struct payload_span name = name_of(record);
    char text[FOLDER_NAME_MAX];

    if (name.size >= sizeof(text)) { /* longer than any name on a disk */
        name.size = sizeof(text) - 1;
    }
    memcpy(text, name.start, name.size);
    text[name.size] = '\0';
    if (text_decode(into, text) == SIZE_MAX) {
        into[0] = L'\0';
    }
    return wcslen(into);
}

size_t
own_path(const struct payload_record *record, wchar_t *into)
{
    struct payload_span key = {"", 0};
    char text[PATH_MAX];
    size_t size;

    if (record != NULL) {
        key = payload_name(vfs_payload(), record);
    }
    if (key.size > 0 && key.start[0] == '\0') {
        key.start++;
        key.size--;
    }
    size = key.size < sizeof(text) ? key.size : 0;
    for (size_t i = 0; i < size; i++) {
        text[i] = key.start[i] == '\0' || key.start[i] == '/' ? '\\' : key.start[i];
    }
    text[size] = '\0';
    return text_decode(into, text) == SIZE_MAX ? 0 : wcslen(into);
}

static struct folder_range
range_of(const char *path, size_t size)
{
    char key[PATH_MAX + 1];
    struct payload_span name = {key, size + 1};
    struct folder_range range = {0, 0};

    if (size >= PATH_MAX) {
        return range;
    }
    memcpy(key, path, size);
    key[size] = '\0';
    range.next = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
    key[size] = '\1';
    range.end = payload_lower_bound(vfs_payload(), PAYLOAD_FILES, name);
    return range;
}

struct folder_range
folder_range(const struct payload_record *folder)
{
    char path[PATH_MAX];
    struct payload_span key = {"", 0};

    if (folder != NULL) {
        key = payload_name(vfs_payload(), folder);
    }
    if (key.size > 0 && key.start[0] == '\0') {
        key.start++;
        key.size--;
    }
    key.size = key.size < sizeof(path) ? key.size : 0;
    for (size_t i = 0; i < key.size; i++) {
        path[i] = key.start[i] == '\0' ? '/' : key.start[i];
    }
    return range_of(path, key.size);
}

const struct payload_record *
folder_next(struct folder_range *range)
{
    return range->next < range->end ? payload_at(vfs_payload(), PAYLOAD_FILES, range->next++) : NULL;
}

/* Find a name in the folder that is `path` up to `size`, in any case, and spell it as it is there. */
static const struct payload_record *
find_any_case(char *path, size_t size, char *name, size_t name_size)
{
    struct folder_range range = range_of(path, size);
    wchar_t wanted[FOLDER_NAME_MAX];
    wchar_t found[FOLDER_NAME_MAX];
    const struct payload_record *record;
    char text[FOLDER_NAME_MAX];

    if (name_size >= sizeof(text)) {
        return NULL;
    }
    memcpy(text, name, name_size);
    text[name_size] = '\0';
    if (text_decode(wanted, text) == SIZE_MAX) {
        return NULL;
    }
    while ((record = folder_next(&range)) != NULL) {
        folder_name(record, found);
        if (name_of(record).size == name_size
            && CompareStringOrdinal(wanted, -1, found, -1, TRUE) == CSTR_EQUAL) {
            memcpy(name, name_of(record).start, name_size);
            return record;
        }
    }
    return NULL;
}

/* The same as the system says it: a part that is missing, or is no folder, makes a path another's error
   than the last one does. */
static DWORD
get_by_parts(char *path, const struct payload_record **record)
{
    char *part = path;

    *record = NULL;
    while (*part != '\0') {
        size_t size = strcspn(part, "/");
        size_t above = part == path ? 0 : (size_t)(part - path) - 1;
        bool is_last = part[size] == '\0';

        if (!own_is_folder(*record)) {
            return ERROR_PATH_NOT_FOUND;
        }
        *record = find(path, (size_t)(part - path) + size);
        if (*record == NULL) {
            *record = find_any_case(path, above, part, size);
        }
        if (*record == NULL) {
            return is_last ? ERROR_FILE_NOT_FOUND : ERROR_PATH_NOT_FOUND;
        }
        part += size + (is_last ? 0 : 1);
    }
    return ERROR_SUCCESS;
}

DWORD
folder_get(char *path, const struct payload_record **record)
{
    size_t size = strlen(path);
    bool means_folder = size > 0 && path[size - 1] == '/';
    DWORD error;

    while (size > 0 && path[size - 1] == '/') {
        path[--size] = '\0';
    }
    *record = size > 0 ? find(path, size) : NULL;
    error = size == 0 || *record != NULL ? ERROR_SUCCESS : get_by_parts(path, record);
    if (error == ERROR_SUCCESS && means_folder && !own_is_folder(*record)) {
        return ERROR_DIRECTORY;
    }
    return error;
}

bool
own_is_folder(const struct payload_record *record)
{
    return record == NULL || record->kind == PAYLOAD_FOLDER;
}
