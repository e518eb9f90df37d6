/* See snapshot/protected.h. It runs before libc starts. */

#include "snapshot/protected.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>

#include "os/os.h"
#include "snapshot/machine.h"

#define DISTANCE 63 /* words that one of a RELR table tells of */

struct table {
    const uint64_t *words;
    uint64_t count;
};

MACHINE_EARLY static const ElfW(Phdr) *
header_of(uint32_t type)
{
    const ElfW(Ehdr) *file = (const void *)os_image;
    const ElfW(Phdr) *headers = (const void *)(os_image + file->e_phoff);

    for (int i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == type) {
            return &headers[i];
        }
    }
    return NULL;
}

/* DT_RELR of the System V ABI. */
MACHINE_EARLY static struct table
relative(void)
{
    const ElfW(Phdr) *header = header_of(PT_DYNAMIC);
    struct table table = {NULL, 0};

    if (header == NULL) {
        return table;
    }
    for (const ElfW(Dyn) *entry = (const void *)(os_image + header->p_vaddr); entry->d_tag != DT_NULL;
         entry++) {
        if (entry->d_tag == DT_RELR) {
            table.words = (const void *)(os_image + entry->d_un.d_ptr);
        }
        else if (entry->d_tag == DT_RELRSZ) {
            table.count = entry->d_un.d_val / sizeof(uint64_t);
        }
    }
    return table;
}

MACHINE_EARLY void
protected_restore(uint64_t image)
{
    const struct table table = relative();
    const ElfW(Phdr) *header = header_of(PT_GNU_RELRO);
    uint64_t place = 0;

    if (header == NULL || table.words == NULL) {
        return;
    }
    for (uint64_t i = 0; i < table.count; i++) {
        bool is_map = table.words[i] & 1;
        uint64_t bits = is_map ? table.words[i] >> 1 : 1;

        place = is_map ? place : table.words[i];
        for (uint64_t next = place; bits != 0; bits >>= 1, next += sizeof(uint64_t)) {
            if ((bits & 1) && next >= header->p_vaddr
                && next + sizeof(uint64_t) <= header->p_vaddr + header->p_filesz) {
                *(uint64_t *)(void *)((uintptr_t)os_image + next) -= image;
            }
        }
        place += is_map ? DISTANCE * sizeof(uint64_t) : sizeof(uint64_t);
    }
}
