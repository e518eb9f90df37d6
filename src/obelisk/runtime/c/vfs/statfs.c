/* What the executable's own file system says of itself as a disk. See vfs/vfs.h. */

#include "vfs/vfs.h"

#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "vfs/call.h"

int __real_statfs(const char *, struct statfs *);
int __real_fstatfs(int, struct statfs *);
int __real_statvfs(const char *, struct statvfs *);
int __real_fstatvfs(int, struct statvfs *);

int __wrap_statfs(const char *, struct statfs *);
int __wrap_fstatfs(int, struct statfs *);
int __wrap_statvfs(const char *, struct statvfs *);
int __wrap_fstatvfs(int, struct statvfs *);

#define BLOCK 4096
#define NAME_SIZE_MAX 255

/* "oblk", as no other file system's. */
#define TYPE 0x6f626c6b

static int
fill_statfs(struct statfs *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->f_type = TYPE;
    answer->f_bsize = answer->f_frsize = BLOCK;
    answer->f_blocks = (fsblkcnt_t)(vfs_payload()->size / BLOCK + 1);
    answer->f_files = payload_count(vfs_payload(), PAYLOAD_FILES) + 1;
    answer->f_namelen = NAME_SIZE_MAX;
    answer->f_flags = ST_RDONLY;
    answer->f_fsid.__val[0] = TYPE;
    return 0;
}

/* As musl makes the one of the other. */
static int
fill_statvfs(struct statvfs *answer)
{
    struct statfs given;

    fill_statfs(&given);
    memset(answer, 0, sizeof(*answer));
    answer->f_bsize = given.f_bsize;
    answer->f_frsize = given.f_frsize;
    answer->f_blocks = given.f_blocks;
    answer->f_files = given.f_files;
    answer->f_fsid = (unsigned long)given.f_fsid.__val[0];
    answer->f_flag = given.f_flags;
    answer->f_namemax = given.f_namelen;
    answer->f_type = TYPE;
    return 0;
}

static int
error_of(const struct vfs_path *path)
{
    const struct payload_record *record;

    return vfs_get(path, &record);
}

static int
statfs_found(const struct vfs_path *path, struct statfs *answer)
{
    int error = error_of(path);

    return error ? vfs_fail(error) : fill_statfs(answer);
}

static int
statvfs_found(const struct vfs_path *path, struct statvfs *answer)
{
    int error = error_of(path);

    return error ? vfs_fail(error) : fill_statvfs(answer);
}

int
__wrap_statfs(const char *path, struct statfs *answer)
{
    VFS_ANSWER_PLAIN(int, -1, 0, __real_statfs(path, answer), statfs_found(&found, answer))
}

int
__wrap_statvfs(const char *path, struct statvfs *answer)
{
    VFS_ANSWER_PLAIN(int, -1, 0, __real_statvfs(path, answer), statvfs_found(&found, answer))
}

int
__wrap_fstatfs(int file, struct statfs *answer)
{
    return vfs_is_open(file) ? fill_statfs(answer) : __real_fstatfs(file, answer);
}

int
__wrap_fstatvfs(int file, struct statvfs *answer)
{
    return vfs_is_open(file) ? fill_statvfs(answer) : __real_fstatvfs(file, answer);
}
