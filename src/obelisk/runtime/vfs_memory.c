/* Files that have no name. See vfs_memory.h. */

#include "vfs_memory.h"

#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

int __real_open(const char *, int, ...);

/* Bytes: what memfd_create(2) takes. */
#define MEMORY_NAME_MAX 249

/* The content of an open file stays as it is, whoever has its descriptor. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int
vfs_memory_create(const char *name)
{
    size_t size = strlen(name);

    return memfd_create(size > MEMORY_NAME_MAX ? name + size - MEMORY_NAME_MAX : name,
                        MFD_ALLOW_SEALING | MFD_CLOEXEC);
}

int
vfs_memory_again(int descriptor, int flags)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return __real_open(path, flags);
}

/* Close a file without a change of errno, and return -1. */
static int
give_up(int file)
{
    int error = errno;

    close(file);
    errno = error;
    return -1;
}

/* A descriptor that can be written to is as good to read from where there is no other. */
static int
as_read_only(int file)
{
    int again = vfs_memory_again(file, O_RDONLY | O_CLOEXEC);

    if (again < 0) {
        return file;
    }
    close(file);
    return again;
}

static int
in_memory(const char *name, vfs_memory_fill *fill, const void *what)
{
    int file = vfs_memory_create(name);

    if (file < 0) {
        return -1;
    }
    if (fill(file, what) != 0 || fcntl(file, F_ADD_SEALS, SEALS) != 0) {
        return give_up(file);
    }
    return as_read_only(file);
}

/* Without a name from the start; nothing seals it, so it must be opened again without O_RDWR. */
static int
nameless_in(const char *folder, vfs_memory_fill *fill, const void *what)
{
    int file = __real_open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int again;

    if (file < 0) {
        return -1;
    }
    again = fill(file, what) == 0 ? vfs_memory_again(file, O_RDONLY | O_CLOEXEC) : -1;
    give_up(file);
    return again;
}

static int
removed_in(const char *folder, vfs_memory_fill *fill, const void *what)
{
    char path[PATH_MAX];
    uint64_t number = 0;
    int file;
    int again;

    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0) {
        number = (uint64_t)(uintptr_t)path ^ (uint64_t)getpid();
    }
    if (snprintf(path, sizeof(path), "%s/.obelisk-%016llx", folder, (unsigned long long)number)
        >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = __real_open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) {
        return -1;
    }
    again = __real_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    unlink(path);
    if (again >= 0 && fill(file, what) != 0) {
        again = give_up(again);
    }
    give_up(file);
    return again;
}

/* Say whether an error is of the process or the machine as a whole, so that it is told whatever else was
   tried. */
static bool
is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOSPC
           || error == EDQUOT || error == EIO;
}

static int
on_disk(vfs_memory_fill *fill, const void *what)
{
    const char *const folders[] = {"/dev/shm", secure_getenv("TMPDIR"), "/tmp", "/var/tmp"};
    int refusal = errno;

    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        int file;
        if (folders[i] == NULL || folders[i][0] != '/') {
            continue;
        }
        file = nameless_in(folders[i], fill, what);
        if (file < 0) {
            file = removed_in(folders[i], fill, what);
        }
        if (file >= 0) {
            return file;
        }
        if (is_shortage(errno)) {
            refusal = errno;
        }
    }
    errno = refusal;
    return -1;
}

int
vfs_memory_file(const char *name, vfs_memory_fill *fill, const void *what,
                struct vfs_memory *made)
{
    made->descriptor = in_memory(name, fill, what);
    made->is_memfd = made->descriptor >= 0;
    if (made->descriptor < 0 && !is_shortage(errno)) {
        made->descriptor = on_disk(fill, what);
    }
    return made->descriptor < 0 ? -1 : 0;
}

static int
fill_nothing(int file, const void *what)
{
    (void)file;
    (void)what;
    return 0;
}

int
vfs_make_nameless(const char *name, int flags)
{
    int file = vfs_memory_create(name);

    if (file < 0 && !is_shortage(errno)) {
        file = on_disk(fill_nothing, NULL);
    }
    if (file >= 0 && !(flags & O_CLOEXEC)) {
        fcntl(file, F_SETFD, 0);
    }
    return file;
}
