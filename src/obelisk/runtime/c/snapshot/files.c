/* What modules see of files while a snapshot is made, without what only the builder's machine has: when files
   were made, and where the executable lies. Functions here take the place of libc's. */

#include "snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "snapshot/machine.h"

#define TIME 315705600 /* as VFS_TOP_TIME */

/* Of musl, hidden; its fstat and fstatat are weak names of them. */
int __fstat(int, struct stat *);
int __fstatat(int, const char *restrict, struct stat *restrict, int);

/* Say whether a path is that below which modules are, or leads there: links that are other ones in each
   process. While a snapshot is made they are none, so that nobody follows them. */
static bool
is_own(const char *path)
{
    return snapshot_is_preparing() && path != NULL
           && (strcmp(path, SNAPSHOT_ROOT) == 0 || strcmp(path, "/proc/self") == 0);
}

static int
without_place(int status, int file, struct stat *facts)
{
    if (status != 0 || !snapshot_is_preparing()) {
        return status;
    }
    facts->st_atim = facts->st_ctim = (struct timespec){TIME, 0};
    if (facts->st_nlink != 0) { /* a nameless file may be one of the executable's (vfs/folder.c) */
        facts->st_mtim = facts->st_atim;
    }
    if (file >= 0 && file <= STDERR_FILENO) { /* the builder's, whatever they are */
        *facts = (struct stat){.st_mode = S_IFCHR | 0666, .st_nlink = 1, .st_blksize = 4096};
    }
    return status;
}

int
fstat(int file, struct stat *facts)
{
    return without_place(__fstat(file, facts), file, facts);
}

int
fstatat(int folder, const char *restrict path, struct stat *restrict facts, int flags)
{
    if (is_own(path)) {
        flags &= ~AT_SYMLINK_NOFOLLOW;
    }
    return without_place(__fstatat(folder, path, facts, flags), -1, facts);
}

ssize_t
readlink(const char *restrict path, char *restrict text, size_t size)
{
    char none[1];
    long result = is_own(path) ? -EINVAL
                               : machine_call(SYS_readlink, (long)path, (long)(size ? text : none),
                                              (long)(size ? size : sizeof(none)), 0, 0, 0);

    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return size ? result : 0;
}
