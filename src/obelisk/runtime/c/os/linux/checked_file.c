/* See os/checked_file.h. Signatures of ELF files are beside them, or behind the digest. */

#include "os/checked_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "os/os.h"

intptr_t
checked_file_open(void)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        file = open(os_executable(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (file < 0) {
        os_die_of_error("cannot verify this executable");
    }
    return file;
}

void
checked_file_read(intptr_t file, uint8_t *block, uint32_t size, uint64_t place)
{
    while (size > 0) {
        ssize_t count = pread((int)file, block, size, (off_t)place);
        if (count < 0 && errno != EINTR) {
            os_die_of_error("cannot verify this executable");
        }
        if (count == 0) {
            os_die(OS_EXIT_DAMAGED, "corrupt executable: file truncated");
        }
        if (count > 0) {
            block += count;
            size -= (uint32_t)count;
            place += (uint64_t)count;
        }
    }
}

void
checked_file_close(intptr_t file)
{
    close((int)file);
}
