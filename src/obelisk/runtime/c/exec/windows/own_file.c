/* Which paths lead to the executable that this process runs. See exec/windows/own_file.h. */

#include "exec/windows/own_file.h"

#include <stdlib.h>
#include <windows.h>

#include "os/os.h"
#include "os/windows/text.h"

static bool
equal(const wchar_t *one, size_t size, const wchar_t *two)
{
    return CompareStringOrdinal(one, (int)size, two, -1, TRUE) == CSTR_EQUAL;
}

static bool
is_own(const wchar_t *path, const wchar_t *own)
{
    static const wchar_t suffix[] = L".exe";
    size_t size = wcslen(path);
    size_t own_size = wcslen(own);
    size_t suffix_size = wcslen(suffix);

    return equal(path, size, own)
           || (own_size == size + suffix_size && equal(own + size, suffix_size, suffix)
               && CompareStringOrdinal(path, (int)size, own, (int)size, TRUE) == CSTR_EQUAL);
}

bool
own_file_is(const wchar_t *path)
{
    wchar_t *own = text_to_wide(os_executable());
    DWORD room;
    wchar_t *text;
    bool found = false;

    if (wcsncmp(path, L"\\\\?\\", 4) == 0) {
        path += 4;
    }
    room = wcspbrk(path, L"\\/:") ? GetFullPathNameW(path, 0, NULL, NULL) : 0;
    text = room ? malloc(room * sizeof(wchar_t)) : NULL;
    if (own != NULL && text != NULL && GetFullPathNameW(path, room, text, NULL) < room) {
        found = is_own(text, own);
    }
    free(text);
    free(own);
    return found;
}

bool
own_file_is_bytes(const char *path)
{
    wchar_t *wide = text_to_wide(path);
    bool found = wide != NULL && own_file_is(wide);

    free(wide);
    return found;
}
