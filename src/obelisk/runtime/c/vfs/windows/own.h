/* The executable's own file system on Windows: with the executable at C:\bin\app.exe, there is a read-only
   file C:\bin\app.exe\package\data.json for every caller of the system in the process.

   The functions that take a path are linked with --wrap, those of the system and those of the C library:
   what that calls inside itself cannot be caught. Which paths lead here is told by their text alone, as
   the system makes it absolute: letters are of any case, slashes of either kind.

   An open file is a handle on the device NUL, so that its number is nobody else's; what is asked of it is
   answered from memory (vfs/windows/table.c). Only for what the kernel itself must know, such as a mapping
   or a handle that another process gets, it becomes a temporary file (vfs/windows/copy.c). */

#ifndef OBELISK_OWN_H
#define OBELISK_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#include "payload/payload.h"

/* What GetFileInformationByHandle and the like say of all files here: "oblk". */
#define OWN_VOLUME 0x6f626c6bu

enum own_place {
    OWN_FOREIGN, /* it does not lead through the executable */
    OWN_NOWHERE, /* it does, to nothing: GetLastError says why */
    OWN_THERE,
};

/* Say where a path leads, and to what: `record` is NULL for the executable as a folder. */
enum own_place own_find(const wchar_t *path, const struct payload_record **record);

/* Return what follows the executable's path and a slash in a path in UTF-8, with slashes and without parts
   of dots, in memory that is to be freed; NULL for a path that is not below it. */
char *own_below(const char *path);

/* Say whether a path in UTF-8 is below the executable by its text. */
bool own_is_below(const char *path);

/* Say whether there is something at a path below the executable, in UTF-8, with slashes of either kind. */
bool own_has(const char *below);

/* Say whether a record is that of a folder. */
bool own_is_folder(const struct payload_record *record);

/* Write the path of a record below the executable, with backslashes, to `into`, which has room for
   OWN_PATH_MAX units; return its length. */
enum { OWN_PATH_MAX = 32768 };
size_t own_path(const struct payload_record *record, wchar_t *into);

/* Remember the path of the executable; called once, before there are threads. */
void own_mount(const char *executable);

/* Return the path of the executable itself, as the system spells it. */
const wchar_t *own_root(void);

/* What the system says of a file: attributes, time, number. */
DWORD own_attributes(const struct payload_record *record);
FILETIME own_time(const struct payload_record *record);
uint64_t own_number(const struct payload_record *record);
uint64_t own_size(const struct payload_record *record);

/* Set the last error, and errno of the C library to match it, and return `answer`. */
#define OWN_FAIL(error, answer) (own_set_error(error), (answer))
void own_set_error(DWORD error);

/* The content of a file, for as long as it is open. */
struct own_content {
    const char *bytes;
    uint64_t size;
    void *memory; /* that it was expanded into, NULL for what is read in place */
};

/* Return false, with the last error set, when there is no memory. */
bool own_content_open(const struct payload_record *record, struct own_content *content);
void own_content_close(struct own_content *content);

/* Return a handle on a new temporary file with that content, which is gone when it is closed; it can be
   read only. INVALID_HANDLE_VALUE with the last error set when there can be none. */
HANDLE own_copy(const struct own_content *content, const SECURITY_ATTRIBUTES *security);

/* The same of the file or folder that an open handle stands for, at the place that it is read at. */
HANDLE own_copy_of(HANDLE file, const SECURITY_ATTRIBUTES *security);

/* Return a handle that stands for a file or folder. `content` is its content if it is to be read, which
   belongs to the handle from now on. INVALID_HANDLE_VALUE with the last error set. */
HANDLE own_open(const struct payload_record *record, struct own_content *content,
                const SECURITY_ATTRIBUTES *security);

/* Say whether a handle stands for a file or folder here, and for which. */
bool own_is_open(HANDLE file, const struct payload_record **record);

/* Forget a handle that is about to be closed. */
void own_forget(HANDLE file);

/* Read from an open file, and move where it is read at, for which `origin` is as in lseek. The first
   returns the bytes read, the second the new place, or -1 with errno when it is none. */
size_t own_read(HANDLE file, void *into, size_t size);
int64_t own_seek(HANDLE file, int64_t distance, int origin);

#endif
