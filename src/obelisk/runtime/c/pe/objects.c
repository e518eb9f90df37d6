/* Libraries that are linked in are found by their paths below the executable, as if they were loaded. */

#include "pe/objects.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dso.h"
#include "os/os.h"
#include "os/windows/text.h"

/* The section `.objects`; addresses are counted from the executable's first byte. */
struct table {
    uint8_t magic[8]; /* "OBPEOBJS" */
    uint32_t count;
    uint32_t size; /* bytes of this, with rows and paths */
};

struct row {
    uint32_t path; /* from the table's first byte; with slashes, below the executable */
    uint32_t path_size;
    uint32_t image; /* address of its headers */
    uint32_t entry; /* address of what is called before it is used; 0 when there is nothing */
};

/* More are not linked in: so many sections has no executable. */
#define OBJECTS_MAX 96

static const struct table *table;
static unsigned char loaded[OBJECTS_MAX];
static SRWLOCK loading = SRWLOCK_INIT;

static const char *
image(void)
{
    return (const char *)GetModuleHandleW(NULL);
}

static const struct row *
rows(void)
{
    return (const struct row *)(const void *)(table + 1);
}

void
objects_open(const struct objects *base, uint64_t size)
{
    const struct table *found = (const void *)base;

    if (size < sizeof(*found) || memcmp(found->magic, "OBPEOBJS", 8) != 0 || found->size > size
        || found->count > OBJECTS_MAX
        || sizeof(*found) + found->count * sizeof(struct row) > found->size) {
        os_die(OS_EXIT_DAMAGED, "corrupt executable: damaged table of shared objects");
    }
    table = found;
}

const struct objects *
objects_table(void)
{
    return (const void *)table;
}

const char *
objects_named(const char *start)
{
    (void)start;
    return NULL;
}

/* Compare paths as Windows does where they are ASCII, and either slash for the other. */
static int
same_path(const char *one, const char *other, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char a = one[i] == '\\' ? '/' : one[i];
        char b = other[i] == '\\' ? '/' : other[i];

        if (a >= 'A' && a <= 'Z') {
            a = (char)(a - 'A' + 'a');
        }
        if (b >= 'A' && b <= 'Z') {
            b = (char)(b - 'A' + 'a');
        }
        if (a != b) {
            return 0;
        }
    }
    return 1;
}

/* Return the number of the library at an absolute path, or -1. */
static int
number_of(const char *path)
{
    const char *own = os_executable();
    size_t own_size = strlen(own);
    size_t size = strlen(path);

    if (table == NULL || size <= own_size || !same_path(path, own, own_size)
        || (path[own_size] != '\\' && path[own_size] != '/')) {
        return -1;
    }
    path += own_size + 1;
    size -= own_size + 1;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct row *row = &rows()[i];

        if (row->path_size == size && row->path + size <= table->size
            && same_path(path, (const char *)table + row->path, size)) {
            return (int)i;
        }
    }
    return -1;
}

/* Call a library's entry point before it is used for the first time. Returns false when it refuses. */
static int
prepare(int number)
{
    typedef BOOL(WINAPI * entry_point)(HINSTANCE, DWORD, LPVOID);
    const struct row *row = &rows()[number];
    int done = 1;

    AcquireSRWLockExclusive(&loading);
    if (!loaded[number]) {
        /* Until it returns, nobody else is to use it; and it may load none itself. */
        if (row->entry != 0) {
            entry_point entry = (entry_point)(uintptr_t)(image() + row->entry);

            done = entry((HINSTANCE)(uintptr_t)(image() + row->image), DLL_PROCESS_ATTACH, NULL);
        }
        loaded[number] = done != 0;
    }
    ReleaseSRWLockExclusive(&loading);
    return done;
}

HMODULE WINAPI __real_LoadLibraryExW(LPCWSTR, HANDLE, DWORD);
HMODULE WINAPI __wrap_LoadLibraryExW(LPCWSTR, HANDLE, DWORD);

HMODULE WINAPI
__wrap_LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
    char *path = table != NULL && name != NULL ? text_from_wide(name) : NULL;
    int number = path != NULL ? number_of(path) : -1;

    free(path);
    if (number < 0) {
        return __real_LoadLibraryExW(name, file, flags);
    }
    if (!prepare(number)) {
        SetLastError(ERROR_DLL_INIT_FAILED);
        return NULL;
    }
    return (HMODULE)(uintptr_t)(image() + rows()[number].image);
}

/* Return the address of an exported name, or NULL. */
static FARPROC
exported(const char *base, const char *name)
{
    const IMAGE_DOS_HEADER *file = (const void *)base;
    const IMAGE_NT_HEADERS *headers = (const void *)(base + file->e_lfanew);
    const IMAGE_DATA_DIRECTORY *place =
        &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];
    const IMAGE_EXPORT_DIRECTORY *directory = (const void *)(base + place->VirtualAddress);
    const DWORD *names;
    const WORD *ordinals;
    const DWORD *functions;

    if (place->Size == 0) {
        return NULL;
    }
    names = (const void *)(base + directory->AddressOfNames);
    ordinals = (const void *)(base + directory->AddressOfNameOrdinals);
    functions = (const void *)(base + directory->AddressOfFunctions);
    for (DWORD i = 0; i < directory->NumberOfNames; i++) {
        if (strcmp(base + names[i], name) == 0) {
            return (FARPROC)(uintptr_t)(base + functions[ordinals[i]]);
        }
    }
    return NULL;
}

int
pe_objects_symbol(HMODULE module, const char *name, FARPROC *found)
{
    for (uint32_t i = 0; table != NULL && i < table->count; i++) {
        const char *base = image() + rows()[i].image;

        if ((const char *)module == base) {
            /* By its number no symbol of these is asked for. */
            *found = (uintptr_t)name > 0xffff ? exported(base, name) : NULL;
            if (*found == NULL) {
                SetLastError(ERROR_PROC_NOT_FOUND);
            }
            return 1;
        }
    }
    return 0;
}
