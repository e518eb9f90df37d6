/* Which paths lead to the executable that this process runs. See exec/own_file.h. */

#include "exec/own_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/process.h"
#include "os/os.h"

/* Ask what file is at a path. libc's own call would go through ours, which take 4 KiB of stack. */
static bool
identify(int at, const char *path, struct statx *file)
{
    return syscall(SYS_statx, at, path, AT_EMPTY_PATH, STATX_INO, file) == 0;
}

void
own_file_open(void)
{
    if (!identify(AT_FDCWD, OWN_FILE, &process.file) && !identify(AT_FDCWD, os_executable(), &process.file)) {
        process.file.stx_ino = 0; /* it is gone: no file is it */
    }
}

static bool
is_at(struct statx *file, int at, const char *path)
{
    return identify(at, path, file) && process.file.stx_ino != 0 && file->stx_ino == process.file.stx_ino
           && file->stx_dev_major == process.file.stx_dev_major && file->stx_dev_minor == process.file.stx_dev_minor;
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
