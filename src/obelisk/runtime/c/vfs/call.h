/* How calls that take a path are answered: by the kernel, and where the path leads into the executable's
   own file system, by us. */

#ifndef OBELISK_VFS_CALL_H
#define OBELISK_VFS_CALL_H

#include <errno.h>
#include <fcntl.h>

#include "vfs/vfs.h"

/* The body of a call with a variable `path`, and `at` as openat(2) takes it. `real` asks the kernel;
   `inside` is the answer for `found`, a path below the executable. Both are evaluated where needed;
   `failed` is what `real` gives with errno. A call that succeeds leaves errno as it was: OpenSSL's callers
   take what it holds for a reason. */
#define VFS_ANSWER(type, failed, how, real, inside)                                                \
    struct vfs_path found;                                                                         \
    int errno_before = errno;                                                                      \
    type answered = (failed);                                                                      \
                                                                                                   \
    if (!vfs_begins(path)) {                                                                       \
        answered = (real);                                                                         \
        if (answered != (failed) || errno != ENOTDIR) {                                            \
            return answered;                                                                       \
        }                                                                                          \
    }                                                                                              \
    switch (vfs_lookup(at, path, how, &found)) {                                                   \
    case VFS_INSIDE:                                                                               \
        answered = (inside);                                                                       \
        break;                                                                                     \
    case VFS_OUTSIDE:                                                                              \
        at = AT_FDCWD;                                                                             \
        path = found.text;                                                                         \
        answered = (real);                                                                         \
        break;                                                                                     \
    default:                                                                                       \
        break;                                                                                     \
    }                                                                                              \
    if (answered != (failed)) {                                                                    \
        errno = errno_before;                                                                      \
    }                                                                                              \
    return answered;

/* The same for calls that have no `at`. */
#define VFS_ANSWER_PLAIN(type, failed, how, real, inside)                                          \
    int at = AT_FDCWD;                                                                             \
    VFS_ANSWER(type, failed, how, real, inside)

#endif
