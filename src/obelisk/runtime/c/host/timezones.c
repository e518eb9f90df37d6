/* Time zones of libc (`TZ=Europe/Paris`) where the machine has none: those of the tzdata package in
   the executable. Python's `zoneinfo` finds that package by itself. */

#include "vfs/vfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "vfs/layout.h"

/* The last place that musl looks at. */
static const char places[] = "/etc/zoneinfo/";
static const char carried[] = LAYOUT_SITE "/tzdata/zoneinfo";

/* musl's own way to read such a file; it unmaps what it got. */
const unsigned char *__real___map_file(const char *name, size_t *size);
const unsigned char *__wrap___map_file(const char *name, size_t *size);

static const unsigned char *
map_file(const char *name, size_t *size)
{
    struct stat facts;
    void *mapped = MAP_FAILED;
    int file = open(name, O_RDONLY | O_CLOEXEC);

    if (file >= 0 && fstat(file, &facts) == 0) {
        *size = (size_t)facts.st_size;
        mapped = mmap(NULL, *size, PROT_READ, MAP_SHARED, file, 0);
    }
    if (file >= 0) {
        close(file);
    }
    return mapped == MAP_FAILED ? NULL : mapped;
}

const unsigned char *
__wrap___map_file(const char *name, size_t *size)
{
    const unsigned char *found = __real___map_file(name, size);
    char path[PATH_MAX];

    if (found != NULL || vfs_payload() == NULL
        || strncmp(name, places, sizeof(places) - 1) != 0) {
        return found;
    }
    snprintf(path, sizeof(path), "%s/%s/%s", os_executable(), carried, name + sizeof(places) - 1);
    return map_file(path, size);
}
