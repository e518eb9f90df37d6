/* See snapshot/own_data.h. It runs before libc starts. */

#include "snapshot/own_data.h"

#include <stdbool.h>
#include <stddef.h>

#include "os/os.h"
#include "snapshot/machine.h"
#include "snapshot/map.h"

#define DISTANCE 63 /* words that one of a RELR table tells of */
#define SEGMENTS 4

struct words {
    const uint64_t *start;
    uint64_t count;
};

/* Does a segment hold the first byte that a header of a type tells of? */
MACHINE_EARLY static bool
holds(const ElfW(Phdr) *segment, uint32_t type)
{
    int count;
    const ElfW(Phdr) *all = map_headers(&count);

    for (int i = 0; i < count; i++) {
        if (all[i].p_type == type && segment->p_vaddr <= all[i].p_vaddr
            && all[i].p_vaddr < segment->p_vaddr + segment->p_memsz) {
            return true;
        }
    }
    return false;
}

/* Find the runtime's data: not a thread's initial values, which another segment may have. */
MACHINE_EARLY static int
own_segments(const ElfW(Phdr) *found[SEGMENTS])
{
    int count;
    const ElfW(Phdr) *all = map_headers(&count);
    int own = 0;

    for (int i = 0; i < count && own < SEGMENTS; i++) {
        if (all[i].p_type == PT_LOAD && (all[i].p_flags & PF_W) && all[i].p_filesz > 0
            && (!holds(&all[i], PT_TLS) || holds(&all[i], PT_GNU_RELRO))) {
            found[own++] = &all[i];
        }
    }
    return own;
}

MACHINE_EARLY static bool
is_in(const ElfW(Phdr) *const segments[SEGMENTS], int count, uint64_t place)
{
    for (int i = 0; i < count; i++) {
        if (segments[i]->p_vaddr <= place
            && place + sizeof(uint64_t) <= segments[i]->p_vaddr + segments[i]->p_filesz) {
            return true;
        }
    }
    return false;
}

/* DT_RELR of the System V ABI. */
MACHINE_EARLY static struct words
relative(void)
{
    int count;
    const ElfW(Phdr) *all = map_headers(&count);
    struct words table = {NULL, 0};

    for (int i = 0; i < count; i++) {
        const ElfW(Dyn) *entry = (const void *)(os_image + all[i].p_vaddr);

        for (; all[i].p_type == PT_DYNAMIC && entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_RELR) {
                table.start = (const void *)(os_image + entry->d_un.d_ptr);
            }
            else if (entry->d_tag == DT_RELRSZ) {
                table.count = entry->d_un.d_val / sizeof(uint64_t);
            }
        }
    }
    return table;
}

MACHINE_EARLY static uint64_t *
word_at(uint64_t place)
{
    return (uint64_t *)((uintptr_t)os_image + place);
}

MACHINE_EARLY static void
take_address(uint64_t image, const ElfW(Phdr) *const segments[SEGMENTS], int count)
{
    const struct words table = relative();
    uint64_t place = 0;

    for (uint64_t i = 0; i < table.count; i++) {
        bool is_map = table.start[i] & 1;
        uint64_t bits = is_map ? table.start[i] >> 1 : 1;

        place = is_map ? place : table.start[i];
        for (uint64_t next = place; bits != 0; bits >>= 1, next += sizeof(uint64_t)) {
            if ((bits & 1) && is_in(segments, count, next)) {
                *word_at(next) -= image;
            }
        }
        place += is_map ? DISTANCE * sizeof(uint64_t) : sizeof(uint64_t);
    }
}

MACHINE_EARLY void
own_data_restore(const struct snapshot_header *header)
{
    const uint64_t *word = (const void *)((const char *)header + header->originals);
    const uint64_t *end = word + header->original_words;
    const ElfW(Phdr) *segments[SEGMENTS];
    int segment_count = own_segments(segments);

    take_address(header->image, segments, segment_count);
    while (word < end) {
        uint64_t place = (*word & UINT32_MAX) * sizeof(uint64_t);
        uint64_t count = *word++ >> 32;

        for (; count > 0 && word < end && is_in(segments, segment_count, place); count--) {
            *word_at(place) = *word++;
            place += sizeof(uint64_t);
        }
    }
}
