/* Deciding whether a process goes on from the snapshot, before libc starts. See snapshot/snapshot.h. */

#include "snapshot/snapshot.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "os/os.h"
#include "snapshot/early.h"
#include "snapshot/guards.h"
#include "snapshot/machine.h"
#include "snapshot/map.h"
#include "snapshot/own_data.h"

#define MARK_WORDS 128 /* of exec/permission.h */

MACHINE_EARLY static void
say(const char *text)
{
    machine_call(SYS_write, 2, (long)text, (long)early_length(text), 0, 0, 0);
}

MACHINE_EARLY struct early_process
early_read(uintptr_t *stack)
{
    struct early_process process;

    process.argc = (int)stack[0];
    process.argv = (char **)(stack + 1);
    process.environment = process.argv + process.argc + 1;
    process.auxiliary = (uintptr_t *)process.environment;
    while (*process.auxiliary != 0) {
        process.auxiliary++;
    }
    process.auxiliary++;
    return process;
}

MACHINE_EARLY uintptr_t *
early_auxiliary(const struct early_process *process, uintptr_t type)
{
    for (uintptr_t *entry = process->auxiliary; entry[0] != AT_NULL; entry += 2) {
        if (entry[0] == type) {
            return entry + 1;
        }
    }
    return NULL;
}

MACHINE_EARLY static uintptr_t
auxiliary(const struct early_process *process, uintptr_t type)
{
    const uintptr_t *found = early_auxiliary(process, type);

    return found ? *found : 0;
}

MACHINE_EARLY const void *
early_part(uint64_t *offset, uint64_t *size)
{
    const ElfW(Ehdr) *file = (const void *)os_image;
    const ElfW(Phdr) *headers = (const void *)(os_image + file->e_phoff);

    for (int i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == SNAPSHOT_SEGMENT) {
            *offset = headers[i].p_offset;
            *size = headers[i].p_filesz;
            return os_image + headers[i].p_vaddr;
        }
    }
    return NULL;
}

/* Say whether the first argument is spelled so that this process may be `python` (exec/permission.h). */
MACHINE_EARLY static bool
is_marked(const char *word)
{
    word += *word == '.';
    if (*word++ != '/') {
        return false;
    }
    for (int i = 0; i < MARK_WORDS; i++) {
        word += *word == '.';
        if (*word++ != '/') {
            return false;
        }
    }
    return true;
}

MACHINE_EARLY static bool
has_features(const uint32_t needed[SNAPSHOT_WORDS])
{
    uint32_t words[SNAPSHOT_WORDS];

    machine_features(words);
    for (int i = 0; i < SNAPSHOT_WORDS; i++) {
        if ((needed[i] & ~words[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Return why the snapshot does not fit, or NULL. `which` is set where that is because of a variable or a
   file: its name. */
MACHINE_EARLY static const char *
why_cold(const struct early_process *process, const struct snapshot_header *header,
         struct early_text *which)
{
    const char *difference;
    const char *asked = early_variable(process, "OBELISK_SNAPSHOT", sizeof("OBELISK_SNAPSHOT") - 1);

    if (asked != NULL && early_equal(asked, "0")) {
        return "OBELISK_SNAPSHOT=0";
    }
    if (auxiliary(process, AT_SECURE) != 0) {
        return "the process is privileged";
    }
    if (process->argc < 1 || is_marked(process->argv[0])
        || ((header->flags & SNAPSHOT_PYTHON_OPTION) && process->argc > 1
            && early_equal(process->argv[1], "--python"))) {
        return "the process is Python for the application";
    }
    if (auxiliary(process, AT_PAGESZ) != header->page_size) {
        return "the kernel has another page size";
    }
    difference = guards_difference(process, header, which);
    if (difference != NULL) {
        return difference;
    }
    return has_features(header->words) ? NULL : "the processor lacks features";
}

MACHINE_EARLY static void
explain(const struct early_process *process, const char *reason, struct early_text which)
{
    const char *asked = early_variable(process, "OBELISK_SNAPSHOT", sizeof("OBELISK_SNAPSHOT") - 1);

    if (asked == NULL || !early_equal(asked, "explain")) {
        return;
    }
    say(process->argc > 0 ? process->argv[0] : "executable");
    say(reason ? ": started without the snapshot: " : ": started from the snapshot");
    say(reason ? reason : "");
    machine_call(SYS_write, 2, (long)which.start, (long)which.size, 0, 0, 0);
    say("\n");
}

/* Does a table end where the header says that the tables end, at the latest? */
MACHINE_EARLY static bool
fits(const struct snapshot_header *header, uint64_t offset, uint64_t count, uint64_t entry)
{
    return offset % sizeof(uint64_t) == 0 && offset <= header->size
           && count <= (header->size - offset) / entry;
}

MACHINE_EARLY static bool
texts_fit(const struct snapshot_header *header)
{
    const char *start = (const char *)header;
    uint64_t place = header->guards;

    for (uint64_t i = 0; i < header->guard_count; i++) {
        while (place < header->size && start[place] != '\0') {
            place++;
        }
        if (place++ >= header->size) {
            return false;
        }
    }
    return true;
}

/* Return what is wrong with the header and its tables, or NULL. */
MACHINE_EARLY static const char *
find_fault(const struct snapshot_header *header, uint64_t size)
{
    static const char damaged[] = "checksum mismatch in `snapshot`";
    static const char magic[8] = SNAPSHOT_MAGIC;
    struct snapshot_header copy;
    uint64_t check;

    if (size < sizeof(*header) || header->size > size || header->size < sizeof(*header)) {
        return damaged;
    }
    for (size_t i = 0; i < sizeof(magic); i++) {
        if (header->magic[i] != (uint8_t)magic[i]) {
            return damaged;
        }
    }
    copy = *header;
    copy.check = 0;
    check = XXH64(&copy, sizeof(copy), 0);
    if (XXH64(header + 1, header->size - sizeof(*header), check) != header->check) {
        return damaged;
    }
    if (header->version != SNAPSHOT_VERSION) {
        return "unsupported version of `snapshot`";
    }
    return fits(header, header->ranges, header->range_count, sizeof(struct snapshot_range))
                   && fits(header, header->hot, header->hot_count, sizeof(struct snapshot_span))
                   && fits(header, header->originals, header->original_words, sizeof(uint64_t))
                   && texts_fit(header)
               ? NULL
               : damaged;
}

/* The builder names the application, and the files to write to. */
MACHINE_EARLY static bool
is_asked_to_prepare(const struct early_process *process)
{
    static const char option[] = EARLY_PREPARE;

    if (process->argc < EARLY_ARGUMENTS) {
        return false;
    }
    for (size_t i = 0; i + 1 < sizeof(option); i++) {
        if (process->argv[1][i] != option[i]) {
            return false;
        }
    }
    return true;
}

/* Open the file that this process runs; negative when that is not found. */
MACHINE_EARLY static long
open_own(const struct early_process *process, const struct snapshot_header *header, uint64_t offset)
{
    const char *paths[] = {"/proc/self/exe", (const char *)auxiliary(process, AT_EXECFN)};

    for (int i = 0; i < 2; i++) {
        struct snapshot_header found;
        long file;

        if (paths[i] == NULL) {
            break;
        }
        file = machine_call(SYS_open, (long)paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0, 0, 0);
        if (file < 0) {
            continue;
        }
        /* Without /proc it may be another file. */
        if (machine_call(SYS_pread64, file, (long)&found, sizeof(found), (long)offset, 0, 0)
                == (long)sizeof(found)
            && found.check == header->check && found.image == header->image) {
            return file;
        }
        machine_call(SYS_close, file, 0, 0, 0, 0, 0);
    }
    return -1;
}

/* Go on from the snapshot, or return. */
MACHINE_EARLY static void
start_from(const struct snapshot_header *header, uint64_t offset, uintptr_t *stack)
{
    struct early_process process = early_read(stack);
    const char *reason = NULL;
    struct early_text which = {"", 0};
    bool is_build;
    bool is_mapped;
    long file;

    is_build = header->kind == SNAPSHOT_REQUEST || (header->flags & SNAPSHOT_MEASURE);
    if (is_build && !is_asked_to_prepare(&process)) {
        return;
    }
    if (header->kind == SNAPSHOT_TAKEN) {
        reason = why_cold(&process, header, &which);
    }
    if (reason == NULL) {
        file = open_own(&process, header, offset);
        is_mapped = file >= 0 && map_all(header, (int)file, offset);
        if (file >= 0) {
            machine_call(SYS_close, file, 0, 0, 0, 0, 0);
        }
        reason = file < 0 ? "its file cannot be opened"
                          : is_mapped ? NULL : "memory cannot be mapped at the address it needs";
    }
    if (is_build && reason != NULL) { /* a build does not run the application itself */
        say(reason);
        say("\n");
        machine_call(SYS_exit_group, OS_EXIT_FAILED, 0, 0, 0, 0, 0);
    }
    explain(&process, reason, which);
    if (reason == NULL) {
        machine_continue((uintptr_t)early_arrive - (uintptr_t)os_image + header->image,
                         (uintptr_t)stack, (uintptr_t)stack, (uintptr_t)os_image, map_span());
    }
}

MACHINE_EARLY void
snapshot_start(uintptr_t *stack)
{
    struct early_process process = early_read(stack);
    uint64_t offset = 0;
    uint64_t size = 0;
    const struct snapshot_header *header = early_part(&offset, &size);
    const char *fault;

    if (header == NULL) {
        return;
    }
    fault = find_fault(header, size);
    if (fault != NULL) {
        say(process.argc > 0 ? process.argv[0] : "executable");
        say(": corrupt executable: ");
        say(fault);
        say("\n");
        machine_call(SYS_exit_group, OS_EXIT_DAMAGED, 0, 0, 0, 0, 0);
    }
    start_from(header, offset, stack);
    if (header->kind == SNAPSHOT_TAKEN) {
        own_data_restore(header);
    }
}
