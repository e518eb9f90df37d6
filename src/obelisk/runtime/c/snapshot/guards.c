/* See snapshot/guards.h. It runs before libc starts. */

#include "snapshot/guards.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "snapshot/machine.h"

#define FILE_MAX ((size_t)65536) /* bytes of a file that is compared */
#define DIGITS 16                /* of a checksum */

MACHINE_EARLY bool
early_equal(const char *one, const char *other)
{
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

MACHINE_EARLY size_t
early_length(const char *text)
{
    size_t size = 0;

    while (text[size] != '\0') {
        size++;
    }
    return size;
}

MACHINE_EARLY const char *
early_variable(const struct early_process *process, const char *name, size_t size)
{
    for (char **entry = process->environment; *entry != NULL; entry++) {
        size_t same = 0;

        while (same < size && (*entry)[same] == name[same]) {
            same++;
        }
        if (same == size && (*entry)[size] == '=') {
            return *entry + size + 1;
        }
    }
    return NULL;
}

MACHINE_EARLY bool
guards_check(const char *path, uint64_t *check)
{
    static unsigned char content[FILE_MAX];
    size_t size = 0;
    long count = -1;
    long file = machine_call(SYS_open, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0, 0, 0, 0);

    if (file < 0) {
        return false;
    }
    while (size < FILE_MAX) {
        count = machine_call(SYS_read, file, (long)(content + size), (long)(FILE_MAX - size), 0, 0, 0);
        if (count <= 0 && count != -EINTR) {
            break;
        }
        size += count > 0 ? (size_t)count : 0;
    }
    machine_call(SYS_close, file, 0, 0, 0, 0, 0);
    *check = XXH64(content, size, 0);
    return count == 0;
}

/* Read a checksum that was written in hexadecimal digits. */
MACHINE_EARLY static uint64_t
number(const char *text)
{
    uint64_t value = 0;

    for (int i = 0; i < DIGITS && text[i] != '\0'; i++) {
        value = value << 4 | (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
    }
    return value;
}

/* `=CHECK/path`: the file has that content. `+/path`: there is one. `/path`: there is none. */
MACHINE_EARLY static const char *
file_difference(const char *guard, struct early_text *name)
{
    const char *path = guard;
    uint64_t check;
    bool is_there;

    while (*path != '/' && *path != '\0') {
        path++;
    }
    *name = (struct early_text){path, early_length(path)};
    if (*guard == '=') {
        bool is_same = guards_check(path, &check) && check == number(guard + 1);
        return is_same ? NULL : "it was made with another content of ";
    }
    is_there = machine_call(SYS_access, (long)path, F_OK, 0, 0, 0, 0) == 0;
    if (*guard == '+') {
        return is_there ? NULL : "it was made where there is ";
    }
    return is_there ? "it was made where there is no " : NULL;
}

/* `NAME=value`, or `NAME` of a variable that is not there. */
MACHINE_EARLY static const char *
variable_difference(const struct early_process *process, const char *guard, struct early_text *name)
{
    size_t size = 0;
    const char *value;

    while (guard[size] != '\0' && guard[size] != '=') {
        size++;
    }
    *name = (struct early_text){guard, size};
    value = early_variable(process, guard, size);
    if (guard[size] == '=' ? value == NULL || !early_equal(value, guard + size + 1) : value != NULL) {
        return "it was made with another value of ";
    }
    return NULL;
}

/* `is_intact` has seen that each of them ends. */
MACHINE_EARLY const char *
guards_difference(const struct early_process *process, const struct snapshot_header *header,
                  struct early_text *name)
{
    const char *guard = (const char *)header + header->guards;

    for (uint64_t i = 0; i < header->guard_count; i++) {
        bool is_file = *guard == '/' || *guard == '+' || *guard == '=';
        const char *difference = is_file ? file_difference(guard, name)
                                         : variable_difference(process, guard, name);

        if (difference != NULL) {
            return difference;
        }
        guard += early_length(guard) + 1;
    }
    *name = (struct early_text){"", 0};
    return NULL;
}
