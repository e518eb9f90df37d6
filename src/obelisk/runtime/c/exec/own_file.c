/* Which paths lead to the executable that this process runs. See exec/own_file.h. */

#include "exec/own_file.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "exec/process.h"
#include "os/os.h"

/* Ask what file is at a path. libc's own call would go through ours, which take 4 KiB of stack. */
static bool
identify(int at, const char *path, struct statx *file)
{
    return syscall(SYS_statx, at, path, AT_EMPTY_PATH, STATX_INO, file) == 0;
}

static bool
is_at(struct statx *file, int at, const char *path)
{
    return identify(at, path, file) && process.file.stx_ino != 0 && file->stx_ino == process.file.stx_ino
           && file->stx_dev_major == process.file.stx_dev_major && file->stx_dev_minor == process.file.stx_dev_minor;
}

/* Say whether asking what OWN_FILE is tells of an emulator (QEMU's user mode): it runs what is at our
   path, as reading the link says, and the kernel runs the emulator. */
static bool
is_emulated(void)
{
    char path[PATH_MAX];
    ssize_t size = readlink(OWN_FILE, path, sizeof(path) - 1);

    path[size > 0 ? size : 0] = '\0';
    return strcmp(path, os_executable()) == 0;
}

void
own_file_open(void)
{
    bool is_known = identify(AT_FDCWD, OWN_FILE, &process.file);
    struct statx at_path;

    if ((!is_known || (!is_at(&at_path, AT_FDCWD, os_executable()) && is_emulated()))
        && !identify(AT_FDCWD, os_executable(), &process.file)) {
        process.file.stx_ino = 0; /* it is gone: no file is it */
    }
}

bool
own_file_has(const struct stat *file)
{
    return process.file.stx_ino != 0 && file->st_ino == process.file.stx_ino
           && file->st_dev == makedev(process.file.stx_dev_major, process.file.stx_dev_minor);
}

bool
own_file_is(struct statx *file, int at, const char *path)
{
    return strcmp(path, os_executable()) == 0 || is_at(file, at, path);
}

bool
own_file_was_replaced(struct statx *file)
{
    return is_at(file, AT_FDCWD, OWN_FILE) && !is_at(file, AT_FDCWD, os_executable());
}
