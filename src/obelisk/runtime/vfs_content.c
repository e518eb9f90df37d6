/* Giving the content of a file of the executable's own file system as an open file. See vfs.h. */

#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes: what memfd_create(2) takes. */
#define MEMORY_NAME_MAX 249

/* The content of an open file stays as it is, whoever has its descriptor. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int
write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static int
copy_record(int file, const struct payload_record *record)
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
vfs_make_nameless(const char *name, int flags)
{
    size_t size = strlen(name);

    name += size > MEMORY_NAME_MAX ? size - MEMORY_NAME_MAX : 0;
    return memfd_create(name, MFD_ALLOW_SEALING | (flags & O_CLOEXEC ? MFD_CLOEXEC : 0U));
}

const struct payload_record *
vfs_content_of(int file, const struct stat *real)
{
    (void)file;
    (void)real;
    return NULL;
}

int
vfs_open_content(const struct vfs_path *path, const struct payload_record *record, int flags)
{
    const struct timespec times[2] = {{vfs_time(record), 0}, {vfs_time(record), 0}};
    int file = vfs_make_nameless(path->text, flags);

    if (file < 0) {
        return -1;
    }
    if (copy_record(file, record) != 0 || lseek(file, 0, SEEK_SET) != 0 || fchmod(file, record->kind == PAYLOAD_PROGRAM ? 0755 : 0644) != 0
        || futimens(file, times) != 0 || fcntl(file, F_ADD_SEALS, SEALS) != 0) {
        int error = errno;
        close(file);
        return vfs_fail(error);
    }
    return file;
}
