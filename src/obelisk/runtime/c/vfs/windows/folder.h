/* What stands where below the executable, by names in any case. */

#ifndef OBELISK_FOLDER_H
#define OBELISK_FOLDER_H

#include <windows.h>

#include "payload/payload.h"

/* Find what is at a path with slashes, in UTF-8; `record` is set, to NULL for the top. Returns
   ERROR_SUCCESS, or the error of a path that leads to nothing. The text is written to. */
DWORD folder_get(char *path, const struct payload_record **record);

/* What is in a folder: positions of records that stand side by side. */
struct folder_range {
    uint32_t next;
    uint32_t end;
};

/* Return what is in the folder of that record, NULL for the top. */
struct folder_range folder_range(const struct payload_record *folder);

/* Return the next record of a folder, or NULL at its end. */
const struct payload_record *folder_next(struct folder_range *range);

/* Write the name of a record, without its folder, to `into`, which has room for 256 units; return its length. */
enum { FOLDER_NAME_MAX = 256 };
size_t folder_name(const struct payload_record *record, wchar_t *into);

#endif
