/* The executable's own file system: paths below the executable are answered from the payload.

   With the executable at /bin/app, /bin/app/package/data.json is a read-only file for every caller
   of libc in the process. Nothing is written to disk: an open file is a sealed memory file.
   The calls themselves (vfs_open.c, vfs_stat.c ...) are linked with --wrap and need no declaration. */

#ifndef OBELISK_VFS_H
#define OBELISK_VFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "payload.h"

/* A path below the executable, normalised, without a leading slash, and ended by a zero byte. */
struct vfs_path {
    char text[PATH_MAX];
    size_t size;
};

/* Answer for paths below `root`, an absolute path that stays allocated, from now on. */
void vfs_mount(const struct payload *payload, const char *root);

/* Return what `vfs_mount` was given; NULL before it. */
const struct payload *vfs_payload(void);
const char *vfs_root(void);

/* Say whether `name` is below the executable, and if so what it is called there. */
bool vfs_below(const char *name, struct vfs_path *path);

/* Say whether `name` begins with the executable's path and a slash: a quick test on little stack. */
bool vfs_begins(const char *name);

/* Return the record of a file or folder; NULL when there is none, and for the top. */
const struct payload_record *vfs_find(const struct vfs_path *path);

/* Say whether a path, whose record is given, is a folder. */
bool vfs_is_folder(const struct vfs_path *path, const struct payload_record *record);

/* The time of the top folder, 1980-01-03: zip archives know no earlier one in whatever zone. */
#define VFS_TIME 315705600

/* Set errno and return -1. */
int vfs_fail(int error);

/* Say whether a path that `vfs_begins` stands for something. */
bool vfs_exists(const char *name);

/* Say what `stat` says of a record, or of the top when it is NULL. */
void vfs_fill_stat(const struct payload_record *record, struct stat *answer);

/* Open the content of a file for reading; of `flags` O_CLOEXEC has effect. Returns -1 with errno. */
int vfs_open_content(const struct vfs_path *path, const struct payload_record *record, int flags);

/* Return the inode number of a record: never 0 or 1, which is the top. */
ino_t vfs_inode(const struct payload_record *record);

#endif
