/* Which paths lead to the executable that this process runs: told by their text, as the system makes them
   absolute. */

#ifndef OBELISK_WINDOWS_OWN_FILE_H
#define OBELISK_WINDOWS_OWN_FILE_H

#include <stdbool.h>
#include <wchar.h>

/* Say so of a path, also of one without its `.exe`. */
bool own_file_is(const wchar_t *path);
bool own_file_is_bytes(const char *path);

#endif
