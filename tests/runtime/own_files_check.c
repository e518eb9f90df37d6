/* Files of an executable on Windows, compared with the same files in a folder of the disk: whatever is asked
   of one by any call has the answer of the other.

       own_files_check PAYLOAD FOLDER

   FOLDER holds what the payload has. Prints how much was compared, or what differs, and exits with 1. */

#include <fcntl.h>
#include <io.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <wchar.h>
#include <windows.h>

#include "os/os.h"
#include "os/windows/text.h"
#include "payload/payload.h"
#include "pe/objects.h"
#include "random.h"
#include "vfs/mount.h"

#define ROOT "C:\\bin\\App.exe"
#define LONGEST 1024
#define FILES_MOST 400

static const char *const spellings[] = {
    "C:\\bin\\App.exe\\", "c:\\BIN\\app.EXE\\", "C:/bin/App.exe/", "C:\\bin\\..\\bin\\.\\App.exe\\",
    "\\\\?\\C:\\bin\\App.exe\\", "C:\\bin\\App.exe\\\\",
};

static wchar_t *paths[FILES_MOST]; /* below FOLDER, of files and folders */
static size_t path_count;
static const wchar_t *folder;
static _Atomic long compared;

_Noreturn void
os_die(int status, const char *message)
{
    printf("%s\n", message);
    exit(status);
}

/* Nothing is linked in. */
int
pe_objects_symbol(HMODULE module, const char *name, FARPROC *found)
{
    (void)module;
    (void)name;
    (void)found;
    return 0;
}

static void
differ(const char *what, const wchar_t *path)
{
    printf("%s differs: %s\n", what, text_from_wide(path));
    exit(1);
}

static void
same(bool is_same, const char *what, const wchar_t *path)
{
    compared++;
    if (!is_same) {
        differ(what, path);
    }
}

__attribute__((noreturn)) static void
damaged(const char *wrong, struct payload_span name)
{
    (void)name;
    os_die(1, wrong);
}

static char *
read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        os_die(1, "no payload");
    }
    *size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*size);
    if (fread(bytes, 1, *size, file) != *size) {
        os_die(1, "no payload");
    }
    fclose(file);
    return bytes;
}

static void
join(wchar_t *into, const wchar_t *start, const wchar_t *path)
{
    wcscpy(into, start);
    wcscat(into, path);
}

/* The path of the disk, and one below the executable that is spelled in some way. */
static void
spell(const wchar_t *path, wchar_t *real, wchar_t *own)
{
    wchar_t start[64];
    size_t way = below(sizeof(spellings) / sizeof(spellings[0]));

    text_decode(start, spellings[way]);
    join(real, folder, path);
    join(own, start, path);
    if (way == 1) {
        _wcsupr(own);
    }
}

static void
collect(const wchar_t *start)
{
    wchar_t pattern[LONGEST];
    WIN32_FIND_DATAW found;
    HANDLE handle;

    join(pattern, folder, start);
    wcscat(pattern, L"*");
    handle = FindFirstFileW(pattern, &found);
    do {
        wchar_t path[LONGEST];
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0) {
            continue;
        }
        join(path, start, found.cFileName);
        if (path_count == FILES_MOST) {
            os_die(1, "too many files");
        }
        paths[path_count++] = wcsdup(path);
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
            wcscat(path, L"\\");
            collect(path);
        }
    } while (FindNextFileW(handle, &found));
    FindClose(handle);
}

/* What GetLastError says after a call that failed, 0 after one that did not. */
static DWORD
error_of(bool succeeded)
{
    return succeeded ? 0 : GetLastError();
}

static bool
is_folder(const wchar_t *real)
{
    return (GetFileAttributesW(real) & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static void
compare_facts(const wchar_t *real, const wchar_t *own)
{
    WIN32_FILE_ATTRIBUTE_DATA one;
    WIN32_FILE_ATTRIBUTE_DATA two;
    struct _stat64 first;
    struct _stat64 second;
    DWORD error = error_of(GetFileAttributesExW(real, GetFileExInfoStandard, &one));

    same(error_of(GetFileAttributesExW(own, GetFileExInfoStandard, &two)) == error, "GetFileAttributesEx",
         own);
    same(_wstat64(real, &first) == _wstat64(own, &second), "stat", own);
    if (error != 0) {
        same(GetFileAttributesW(own) == INVALID_FILE_ATTRIBUTES, "GetFileAttributes", own);
        return;
    }
    same(((one.dwFileAttributes ^ two.dwFileAttributes) & FILE_ATTRIBUTE_DIRECTORY) == 0, "kind", own);
    same(one.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY || one.nFileSizeLow == two.nFileSizeLow, "size",
         own);
    same((first.st_mode & S_IFMT) == (second.st_mode & S_IFMT), "mode", own);
    same(is_folder(real) || first.st_size == second.st_size, "st_size", own);
}

/* Random reads and moves by descriptors. */
static void
compare_descriptors(const wchar_t *real, const wchar_t *own)
{
    int one = _wopen(real, _O_RDONLY | _O_BINARY);
    int error = errno;
    int two = _wopen(own, _O_RDONLY | _O_BINARY);

    same((one < 0) == (two < 0), "open", own);
    if (one < 0) {
        same(error == errno, "errno of open", own);
        return;
    }
    same(!_isatty(two), "isatty", own);
    for (int i = 0; i < 30; i++) {
        char first[300] = "";
        char second[300] = "";
        unsigned size = (unsigned)below(sizeof(first));
        if (below(2)) {
            int origin = (int)below(3);
            int64_t distance = (int64_t)below(9000) - 3000;
            same(_lseeki64(one, distance, origin) == _lseeki64(two, distance, origin), "lseek", own);
        }
        same(_read(one, first, size) == _read(two, second, size), "read", own);
        same(memcmp(first, second, sizeof(first)) == 0, "bytes", own);
        if (below(10) == 0) {
            int copy = _dup(two);
            same(copy >= 0 && _lseeki64(copy, 0, SEEK_CUR) == _lseeki64(one, 0, SEEK_CUR), "dup", own);
            _close(copy);
        }
    }
    same(_write(two, "x", 1) < 0, "write", own);
    _close(one);
    _close(two);
}

static HANDLE
open_handle(const wchar_t *path, DWORD access)
{
    return CreateFileW(path, access, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

static void
compare_mapping(HANDLE one, HANDLE two, const wchar_t *own)
{
    DWORD size = GetFileSize(one, NULL);
    HANDLE mapping;
    HANDLE other;
    const char *first;
    const char *second;

    same(size == GetFileSize(two, NULL), "GetFileSize", own);
    if (size == 0) {
        return;
    }
    mapping = CreateFileMappingW(one, NULL, PAGE_READONLY, 0, 0, NULL);
    other = CreateFileMappingW(two, NULL, PAGE_READONLY, 0, 0, NULL);
    first = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    second = MapViewOfFile(other, FILE_MAP_READ, 0, 0, 0);
    same(first && second && memcmp(first, second, size) == 0, "mapping", own);
    UnmapViewOfFile(first);
    UnmapViewOfFile(second);
    CloseHandle(mapping);
    CloseHandle(other);
}

static void
compare_handles(const wchar_t *real, const wchar_t *own)
{
    HANDLE one = open_handle(real, GENERIC_READ);
    DWORD error = GetLastError();
    HANDLE two = open_handle(own, GENERIC_READ);
    BY_HANDLE_FILE_INFORMATION first;
    BY_HANDLE_FILE_INFORMATION second;

    same((one == INVALID_HANDLE_VALUE) == (two == INVALID_HANDLE_VALUE), "CreateFile", own);
    if (one == INVALID_HANDLE_VALUE) {
        same(error == GetLastError(), "error of CreateFile", own);
        return;
    }
    same(GetFileType(two) == GetFileType(one), "GetFileType", own);
    same(GetFileInformationByHandle(one, &first) && GetFileInformationByHandle(two, &second)
             && ((first.dwFileAttributes ^ second.dwFileAttributes) & FILE_ATTRIBUTE_DIRECTORY) == 0,
         "GetFileInformationByHandle", own);
    if (!(first.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        compare_mapping(one, two, own);
    }
    CloseHandle(one);
    CloseHandle(two);
}

/* The path that a handle says it has leads to the same file, and has its true case. */
static void
check_final_path(const wchar_t *path, const wchar_t *real, const wchar_t *own)
{
    HANDLE handle = CreateFileW(own, 0, 0, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    wchar_t found[LONGEST] = L"";
    wchar_t wanted[LONGEST];

    if (GetFileAttributesW(real) == INVALID_FILE_ATTRIBUTES) {
        same(handle == INVALID_HANDLE_VALUE, "CreateFile without access", own);
        return;
    }
    join(wanted, L"\\\\?\\C:\\bin\\App.exe\\", path);
    same(GetFinalPathNameByHandleW(handle, found, LONGEST, 0) == wcslen(wanted)
             && wcscmp(found, wanted) == 0,
         "GetFinalPathNameByHandle", own);
    CloseHandle(handle);
}

static void
compare_streams(const wchar_t *real, const wchar_t *own)
{
    FILE *one = _wfopen(real, L"rb");
    FILE *two = _wfopen(own, L"rb");
    char first[4096] = "";
    char second[4096] = "";

    same((one == NULL) == (two == NULL), "fopen", own);
    if (one == NULL) {
        return;
    }
    same(fread(first, 1, sizeof(first), one) == fread(second, 1, sizeof(second), two)
             && memcmp(first, second, sizeof(first)) == 0,
         "fread", own);
    fclose(one);
    fclose(two);
}

/* How many names a pattern finds in a folder, and a sum that does not depend on their order. */
static DWORD
list(const wchar_t *path, const wchar_t *pattern, unsigned *count, unsigned *sum)
{
    wchar_t whole[LONGEST];
    WIN32_FIND_DATAW found;
    HANDLE handle;

    *count = *sum = 0;
    join(whole, path, pattern);
    handle = FindFirstFileW(whole, &found);
    if (handle == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    do {
        unsigned hash = 0;
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0) {
            continue;
        }
        for (const wchar_t *at = found.cFileName; *at != L'\0'; at++) {
            hash = hash * 31 + *at;
        }
        *sum += hash;
        ++*count;
    } while (FindNextFileW(handle, &found));
    FindClose(handle);
    return 0;
}

static void
compare_lists(const wchar_t *real, const wchar_t *own)
{
    static const wchar_t *const patterns[] = {L"\\*.*", L"\\*", L"\\*.txt", L"\\f*", L"\\?ile0.*",
                                              L"\\none*", L""};
    unsigned counts[2];
    unsigned sums[2];

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        DWORD one = list(real, patterns[i], &counts[0], &sums[0]);
        DWORD two = list(own, patterns[i], &counts[1], &sums[1]);
        same(counts[0] == counts[1] && sums[0] == sums[1], "list", own);
        same(one == two || counts[0] == 0, "error of a list", own);
    }
}

/* Nothing below the executable can be changed, and nothing is. */
static void
check_refusals(const wchar_t *own)
{
    HANDLE handle = CreateFileW(own, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, 0, NULL);

    same(handle == INVALID_HANDLE_VALUE, "CreateFile for writing", own);
    same(_wopen(own, _O_RDWR | _O_CREAT | _O_TRUNC, 0666) < 0, "open for writing", own);
    same(_wfopen(own, L"w") == NULL, "fopen for writing", own);
    same(!DeleteFileW(own) && !RemoveDirectoryW(own) && !CreateDirectoryW(own, NULL), "change", own);
    same(!MoveFileExW(own, L"C:\\x", 0) && !CopyFileW(own, own, FALSE), "move", own);
    same(!SetCurrentDirectoryW(own), "SetCurrentDirectory", own);
}

static void
compare_all(const wchar_t *path)
{
    wchar_t real[LONGEST];
    wchar_t own[LONGEST];

    spell(path, real, own);
    compare_facts(real, own);
    compare_descriptors(real, own);
    compare_handles(real, own);
    compare_streams(real, own);
    compare_lists(real, own);
    check_final_path(path, real, own);
    check_refusals(own);
}

static DWORD WINAPI
read_in_thread(void *path)
{
    wchar_t real[LONGEST];
    wchar_t own[LONGEST];

    join(real, folder, path);
    join(own, L"C:\\bin\\App.exe\\", path);
    for (int i = 0; i < 20; i++) {
        compare_streams(real, own);
        compare_descriptors(real, own);
    }
    return 0;
}

static void
read_in_threads(void)
{
    HANDLE threads[8];

    for (size_t i = 0; i < 8; i++) {
        threads[i] = CreateThread(NULL, 0, read_in_thread, paths[i % path_count], 0, NULL);
    }
    WaitForMultipleObjects(8, threads, TRUE, INFINITE);
}

int
main(int argc, char **argv)
{
    struct payload payload;
    size_t size;
    char *bytes = read_whole(argc > 1 ? argv[1] : "", &size);
    size_t given;

    payload_open(&payload, bytes, size, damaged);
    vfs_mount(&payload, ROOT);
    folder = text_to_wide(argv[2]);
    collect(L"");
    given = path_count;
    for (size_t i = 0; i < given; i++) {
        wchar_t missing[LONGEST];
        compare_all(paths[i]);
        join(missing, paths[i], L"x");
        compare_all(missing);
        join(missing, paths[i], L"\\x");
        compare_all(missing);
    }
    read_in_threads();
    printf("%ld\n", compared);
    return 0;
}
