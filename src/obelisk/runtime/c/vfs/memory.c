/* Files that have no name. See vfs/memory.h. */

#include "vfs/memory.h"

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
int __real_dup3(int, int, int);

/* Bytes: what memfd_create(2) takes. */
#define MEMORY_NAME_MAX 249

/* Of Linux 6.3. */
#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 8U
#define MFD_EXEC 16U
#endif

/* The content of an open file stays as it is, whoever has its descriptor. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Since Linux 6.3 it is to be said whether a file may be executed, and a system may refuse those that
   may, or of which it is not said (vm.memfd_noexec). */
int
vfs_memory_create(const char *name, bool executable)
{
    static _Atomic bool is_older;
    size_t size = strlen(name);
    int file;

    name += size > MEMORY_NAME_MAX ? size - MEMORY_NAME_MAX : 0;
    if (!is_older) {
        file = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC
                                      | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
        if (file >= 0 || errno != EINVAL) {
            return file;
        }
        is_older = true;
    }
    return memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC);
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

/* Let a descriptor be what another one, which is closed, is open on: its number is the lowest that was
   free, as open(2) promises. Returns it, or -1 with errno and both closed. */
static int
move_to(int file, int other)
{
    int error;

    if (other >= 0 && __real_dup3(other, file, O_CLOEXEC) == file) {
        close(other);
        return file;
    }
    error = errno;
    close(other);
    errno = error;
    return give_up(file);
}

int
vfs_memory_reopen(int file, int flags)
{
    int again = vfs_memory_again(file, flags | O_CLOEXEC);

    return again < 0 ? file : move_to(file, again);
}

static int
in_memory(const char *name, bool executable, vfs_memory_fill *fill, const void *what)
{
    int file = vfs_memory_create(name, executable);

    if (file < 0) {
        return -1;
    }
    if (fill(file, what) != 0 || fcntl(file, F_ADD_SEALS, SEALS) != 0) {
        return give_up(file);
    }
    /* One that can be written to is as good to read from where there is no other. */
    return vfs_memory_reopen(file, O_RDONLY);
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
    return move_to(file, again);
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
    return move_to(file, again);
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
vfs_memory_file(const char *name, bool executable, vfs_memory_fill *fill, const void *what)
{
    int file = in_memory(name, executable, fill, what);

    return file < 0 && !is_shortage(errno) ? on_disk(fill, what) : file;
}
