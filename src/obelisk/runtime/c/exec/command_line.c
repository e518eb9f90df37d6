/* What other processes see of this one's arguments: Linux. See exec/command_line.h.

   PR_SET_MM_MAP sets all bounds of a process's memory at once, without rights; those that stay are
   read from /proc/self/stat (proc(5), by its numbers of fields). */

#include "exec/command_line.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
read_bounds(struct prctl_mm_map *map)
{
    const struct {
        int field;
        uint64_t *value;
    } bounds[] = {
        {26, &map->start_code}, {27, &map->end_code}, {28, &map->start_stack},
        {45, &map->start_data}, {46, &map->end_data}, {47, &map->start_brk},
        {48, &map->arg_start},  {49, &map->arg_end},  {50, &map->env_start},
        {51, &map->env_end},
    };
    size_t found = 0;
    char text[1024];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    char *at;

    if (file >= 0) {
        close(file);
    }
    text[size > 0 ? size : 0] = '\0';
    at = strrchr(text, ')'); /* the end of field 2, which may hold anything */
    for (int field = 2; at != NULL && found < sizeof(bounds) / sizeof(bounds[0]); field++) {
        if (field == bounds[found].field) {
            *bounds[found++].value = strtoull(at, NULL, 10);
        }
        at = strchr(at + 1, ' ');
    }
    return found == sizeof(bounds) / sizeof(bounds[0]);
}

void
command_line_begin(const char *first)
{
    struct prctl_mm_map map = {.exe_fd = UINT32_MAX};

    if (!read_bounds(&map) || (uintptr_t)first < map.arg_start
        || (uintptr_t)first >= map.arg_end) {
        return;
    }
    map.arg_start = (uintptr_t)first;
    map.brk = (uint64_t)syscall(SYS_brk, 0);
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}
