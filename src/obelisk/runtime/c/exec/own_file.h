/* Which paths lead to the executable that this process runs. Takes little stack. */

#ifndef OBELISK_OWN_FILE_H
#define OBELISK_OWN_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* The file that runs, also when none or another is at its path. */
#define OWN_FILE "/proc/self/exe"

/* Remember which file it is; called once, before the others. */
void own_file_open(void);

/* Say whether what the kernel says of a file tells of this executable, wherever that is now. */
bool own_file_has(const struct stat *file);

/* Say whether a path, or a descriptor with the path "", leads to this executable. An executable that
   was replaced while it runs is still known by its path. `file` is written to. */
bool own_file_is(struct statx *file, int at, const char *path);

/* Say whether the path that this executable had leads to another file now, or to none. */
bool own_file_was_replaced(struct statx *file);

#endif
