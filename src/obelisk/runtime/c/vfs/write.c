/* Writing a file of the executable's own file system into one that the kernel knows. See vfs/write.h. */

#include "vfs/write.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfs/vfs.h"

int __real_fchmod(int, mode_t);
int __real_utimensat(int, const char *, const struct timespec[2], int);

static int
write_all(int file, const char *bytes, size_t size)
{
    off_t offset = 0;

    while (size > 0) {
        ssize_t written = pwrite(file, bytes + offset, size, offset);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            offset += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int
vfs_write(int file, const struct payload_record *record)
{
    struct payload_span bytes;
    void *expanded;
    int status;

    if (!record->compressed) {
        bytes = payload_stored(vfs_payload(), record);
        return write_all(file, bytes.start, bytes.size);
    }
    expanded = malloc(record->size + 1);
    if (expanded == NULL) {
        return -1;
    }
    status = payload_expand(vfs_payload(), record, expanded);
    status = status ? vfs_fail(status) : write_all(file, expanded, record->size);
    free(expanded);
    return status;
}

int
vfs_write_attributes(int file, const struct payload_record *record)
{
    const struct timespec times[2] = {vfs_time(record), vfs_time(record)};

    mode_t mode = record->kind == PAYLOAD_PROGRAM ? 0755 : 0644;

    return __real_fchmod(file, mode) == 0 ? __real_utimensat(file, NULL, times, 0) : -1;
}
