/* The executable's own file system: paths below the executable are answered from the payload.

   With the executable at /bin/app, /bin/app/package/data.json is a read-only file for every caller
   of libc in the process. Nothing is written to disk: an open file is a sealed memory file.
   The calls themselves (vfs/open.c, vfs/stat.c ...) are linked with --wrap and need no declaration.

   The kernel answers first. Only where it says that something is not a folder (ENOTDIR) is looked
   whether the path leads through the executable, which is told by device and inode. So relative
   paths, links and descriptors of folders lead here as they would to a folder. */

#ifndef OBELISK_VFS_H
#define OBELISK_VFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "payload/payload.h"
#include "vfs/mount.h"

/* A path below the executable, normalised, without a leading slash, and ended by a zero byte. */
struct vfs_path {
    char text[PATH_MAX];
    size_t size;
    bool folder; /* something was behind it, if only a slash: nothing but a folder will do */
};

/* Say whether `name` is below the executable by its text, and if so what it is called there. */
bool vfs_below(const char *name, struct vfs_path *path);

enum vfs_place {
    VFS_FOREIGN, /* it does not lead through the executable: what the kernel said stands (ENOTDIR) */
    VFS_NOWHERE, /* it does, to nothing: errno says why */
    VFS_INSIDE,  /* it has a place below the executable, where there need not be anything */
    VFS_OUTSIDE, /* it leads out of it again: the text is an absolute path for the kernel */
};

/* How `vfs_lookup` is to read a path. */
enum {
    VFS_NOFOLLOW = 1, /* a link at the end is meant itself */
    VFS_WHOLE = 2,    /* the executable itself is meant as a folder */
};

/* Say where a path leads for which the kernel said ENOTDIR, or that `vfs_begins`; `at` as openat(2)
   takes it. */
enum vfs_place vfs_lookup(int at, const char *name, unsigned how, struct vfs_path *path);

/* Find what stands at a path: `record` is set, to NULL for the top. Returns 0, or what errno says of
   a path that leads to nothing: ENOENT, ENOTDIR or ENAMETOOLONG. */
int vfs_get(const struct vfs_path *path, const struct payload_record **record);

/* Say whether the folder exists in which a path, not the top, would be something. */
bool vfs_is_in_folder(const struct vfs_path *path);

/* Return what errno says where something is to be made, or a folder. */
int vfs_why_not_made(const struct vfs_path *path, bool folder);

/* Return the record of a file or folder; NULL when there is none, and for the top. */
const struct payload_record *vfs_find(const struct vfs_path *path);

/* Set the path of a record, NULL for the top. */
void vfs_path_of(const struct payload_record *record, struct vfs_path *path);

/* Say whether a record, NULL for the top, is a folder's. */
bool vfs_is_folder(const struct payload_record *record);

/* The time of the top, which has no record: 1980-01-03, for zip archives know no time before 1980. */
#define VFS_TOP_TIME 315705600

/* Return the time of a file or folder; `record` is NULL for the top. */
struct timespec vfs_time(const struct payload_record *record);

/* Set errno and return -1. */
int vfs_fail(int error);

/* The device that all files are on. The kernel's device numbers have 12 bits for `major`, so this one
   is nobody else's. */
#define VFS_DEVICE makedev(0x6f626c, 0x6b)

/* Return the inode number of a record: 1 for the top, which has none. */
ino_t vfs_inode(const struct payload_record *record);

/* Say what stat(2) says of a file or folder: the same of its path and of each descriptor. */
void vfs_fill_stat(const struct payload_record *record, struct stat *answer);

/* Open the content of a file for reading; of `flags` O_CLOEXEC has effect. Returns -1 with errno. */
int vfs_open_content(const struct vfs_path *path, const struct payload_record *record, int flags);

/* Return the record whose content a descriptor gives, of which the kernel says `real`; NULL when it is
   another's. The descriptor may come from a process before this one. */
const struct payload_record *vfs_content_of(int file, const struct stat *real);

/* Open a folder; of `flags` O_CLOEXEC has effect. Returns -1 with errno. */
int vfs_open_folder(const struct vfs_path *path, const struct payload_record *record, int flags);

/* Say whether what the kernel says of a descriptor, or of a path, is said of one of our open folders,
   and of which: `record` is set, to NULL for the top. */
bool vfs_folder_of(const struct stat *real, const struct payload_record **record);

/* Say whether a descriptor is one of our files or folders. */
bool vfs_is_open(int file);

#endif
