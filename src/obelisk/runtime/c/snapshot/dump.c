/* Writing this process's memory to a file, for snapshot/memory.py: what /proc/self/maps says, as a number
   of bytes, the features of the processor, that text, and then the bytes of each mapping of the executable
   and of memory that was asked for, in that order. Zeros are holes of the file.

   Nothing that is written is changed meanwhile: all variables are on the stack, which is not. */

#include "snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"
#include "snapshot/early.h"
#include "snapshot/format.h"
#include "snapshot/machine.h"
#include "snapshot/map.h"

#define MAPS_MAX (1 << 20)
#define STEP 65536
#define PAGE ((uint64_t)4096)
#define PAGES_STEP 512
#define PAGEMAP_PRESENT (1UL << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_OF_FILE (1UL << 61)

static bool
is_zero(const char *start, size_t size)
{
    return start[0] == 0 && memcmp(start, start + 1, size - 1) == 0;
}

/* The bare calls: nothing of ours takes part. */
int
snapshot_open(const char *path, int flags)
{
    return (int)machine_call(SYS_open, (long)path, flags | O_CLOEXEC, 0600, 0, 0, 0);
}

static bool
write_at(int file, const char *start, size_t size, uint64_t place)
{
    while (size > 0) {
        long count = machine_call(SYS_pwrite64, file, (long)start, (long)size, (long)place, 0, 0);
        if (count < 0 && count != -EINTR) {
            errno = (int)-count;
            return false;
        }
        if (count > 0) {
            start += count;
            size -= (size_t)count;
            place += (uint64_t)count;
        }
    }
    return true;
}

static bool
write_mapping(int file, const char *start, size_t size, uint64_t place)
{
    for (size_t done = 0; done < size; done += STEP) {
        size_t step = size - done < STEP ? size - done : STEP;
        if (!is_zero(start + done, step) && !write_at(file, start + done, step, place + done)) {
            return false;
        }
    }
    return true;
}

static ssize_t
read_maps(char *text, size_t size)
{
    int file = snapshot_open("/proc/self/maps", O_RDONLY);
    size_t done = 0;
    ssize_t count = 0;

    while (file >= 0 && done < size - 1 && (count = read(file, text + done, size - 1 - done)) > 0) {
        done += (size_t)count;
    }
    if (file >= 0) {
        close(file);
    }
    text[done] = '\0';
    return file < 0 || count < 0 ? -1 : (ssize_t)done;
}

/* Is an address in the executable, or in memory that was asked for? */
static bool
is_kept(const struct snapshot_header *header, uint64_t address)
{
    return (address >= header->image && address < header->image + map_span())
           || (address >= header->heap && address < header->heap + (1UL << 40));
}

/* Set from where to where the next mapping is that is kept and can be read; return where the lines behind
   it begin, or NULL when there is none. */
static const char *
next_mapping(const char *text, uint64_t *start, uint64_t *stop)
{
    uint64_t offset;
    uint64_t size;
    const struct snapshot_header *header = early_part(&offset, &size);

    while (*text != '\0') {
        char *end;
        bool is_readable;

        *start = strtoull(text, &end, 16);
        *stop = strtoull(end + 1, &end, 16);
        is_readable = end[1] == 'r';
        text = strchr(end, '\n') + 1;
        if (is_readable && is_kept(header, *start)) {
            return text;
        }
    }
    return NULL;
}

static bool
write_all(int file, const char *text, uint64_t place)
{
    uint64_t start;
    uint64_t stop;

    while ((text = next_mapping(text, &start, &stop)) != NULL) {
        if (!write_mapping(file, (const char *)(uintptr_t)start, stop - start, place)) {
            return false;
        }
        place += stop - start;
    }
    return machine_call(SYS_ftruncate, file, (long)place, 0, 0, 0, 0) == 0;
}

/* Write the addresses of the pages of a range that are the process's own by now: it wrote to them. */
static bool
write_own_of(int into, int pagemap, uint64_t start, uint64_t stop)
{
    uint64_t entries[PAGES_STEP];

    while (start < stop) {
        uint64_t pages = (stop - start) / PAGE;
        size_t size = sizeof(entries[0]) * (pages < PAGES_STEP ? pages : PAGES_STEP);

        if (pread(pagemap, entries, size, (off_t)(start / PAGE * sizeof(entries[0]))) != (ssize_t)size) {
            return false;
        }
        for (size_t i = 0; i < size / sizeof(entries[0]); i++, start += PAGE) {
            if ((entries[i] & PAGEMAP_PRESENT) != 0 && (entries[i] & PAGEMAP_OF_FILE) == 0
                && write(into, &start, sizeof(start)) != sizeof(start)) {
                return false;
            }
        }
    }
    return true;
}

/* Beside the file that memory is written to. */
static bool
write_own(const char *path, const char *text)
{
    char beside[PATH_MAX];
    uint64_t start;
    uint64_t stop;
    bool done;
    int into;
    int pagemap = snapshot_open("/proc/self/pagemap", O_RDONLY);

    snprintf(beside, sizeof(beside), "%s.own", path);
    into = snapshot_open(beside, O_WRONLY | O_CREAT | O_TRUNC);
    done = pagemap >= 0 && into >= 0;
    while (done && (text = next_mapping(text, &start, &stop)) != NULL) {
        done = write_own_of(into, pagemap, start, stop);
    }
    close(into);
    close(pagemap);
    return done;
}

bool
snapshot_dump(const char *path)
{
    char text[MAPS_MAX];
    struct {
        uint64_t size;
        uint32_t words[SNAPSHOT_WORDS];
    } head;
    ssize_t length;
    bool done;
    int file = snapshot_open(path, O_WRONLY | O_CREAT | O_TRUNC);

    if (file < 0) {
        return false;
    }
    length = read_maps(text, sizeof(text));
    head.size = (uint64_t)length;
    machine_features(head.words);
    done = length > 0 && (!snapshot_is_measured() || write_own(path, text)) && write_at(file, (const char *)&head, sizeof(head), 0)
           && write_at(file, text, head.size, sizeof(head))
           && write_all(file, text, sizeof(head) + head.size);
    close(file);
    return done;
}
