/* The content of a file where nothing may be allocated. See payload/record_content.h. */

#include "payload/record_content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/scratch.h"
#include "vfs/vfs.h"

/* What memfd_create(2) knows since Linux 6.3: the memory may be executed, whatever vm.memfd_noexec says. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static bool
write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* Expand without allocating: zstd works in the memory that it is given. */
static const char *
expand(const struct payload_record *record)
{
    size_t room = (payload_room(vfs_payload(), record) + 63) & ~(size_t)63;
    char *memory = scratch_reserve(SCRATCH_EXPAND, room + record->size + 1);

    if (memory == NULL
        || payload_expand_in(vfs_payload(), record, memory + room, memory) != 0) {
        return NULL;
    }
    return memory + room;
}

const char *
record_content(const struct payload_record *record)
{
    return record->compressed ? expand(record) : payload_stored(vfs_payload(), record).start;
}

bool
record_write(int file, const struct payload_record *record)
{
    const time_t seconds = (time_t)(record->time / 1000000000U);
    const struct timespec time = {seconds, (long)(record->time % 1000000000U)};
    const struct timespec times[2] = {time, time};
    const char *bytes = record_content(record);
    bool done = bytes != NULL && write_all(file, bytes, record->size);

    scratch_release(SCRATCH_EXPAND);
    return done && fchmod(file, record->kind == PAYLOAD_PROGRAM ? 0755 : 0644) == 0
           && futimens(file, times) == 0;
}

/* Close a file; errno stays what it was. */
static void
close_failed(int file)
{
    int error = errno;

    close(file);
    errno = error;
}

int
record_in_memory(const struct payload_record *record, const char *name)
{
    const char *slash = strrchr(name, '/');
    char shown[128];
    int file;

    snprintf(shown, sizeof(shown), "%s", slash ? slash + 1 : name);
    file = memfd_create(shown, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (file < 0 && errno == EINVAL) {
        file = memfd_create(shown, MFD_CLOEXEC | MFD_ALLOW_SEALING); /* an older kernel */
    }
    if (file < 0) {
        return -1;
    }
    if (!record_write(file, record) || lseek(file, 0, SEEK_SET) != 0
        || fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        close_failed(file);
        return -1;
    }
    return file;
}
