/* Mapping the executable once more. See snapshot/map.h. It runs before libc starts. */

#include "snapshot/map.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/os.h"
#include "snapshot/machine.h"

#define PAGE ((uint64_t)4096) /* of the file: what the header says was compared with the kernel's */
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

MACHINE_EARLY const ElfW(Phdr) *
map_headers(int *count)
{
    const ElfW(Ehdr) *file = (const void *)os_image;

    *count = file->e_phnum;
    return (const void *)(os_image + file->e_phoff);
}

MACHINE_EARLY uintptr_t
map_span(void)
{
    int count;
    const ElfW(Phdr) *all = map_headers(&count);
    uintptr_t end = 0;

    for (int i = 0; i < count; i++) {
        if (all[i].p_type == PT_LOAD && all[i].p_vaddr + all[i].p_memsz > end) {
            end = all[i].p_vaddr + all[i].p_memsz;
        }
    }
    return (end + PAGE - 1) & ~(PAGE - 1);
}

MACHINE_EARLY static bool
map(uint64_t address, uint64_t size, int rights, int flags, int file, uint64_t offset)
{
    long got = machine_call(SYS_mmap, (long)address, (long)size, rights, flags, file, (long)offset);

    if (got == (long)address) {
        return true;
    }
    if (got >= 0 || got < -4095) { /* kernels before 4.17 take MAP_FIXED_NOREPLACE for a wish */
        machine_call(SYS_munmap, got, (long)size, 0, 0, 0, 0);
    }
    return false;
}

/* As the kernel maps a segment. */
MACHINE_EARLY static bool
map_segment(const ElfW(Phdr) *segment, uint64_t image, int file)
{
    uint64_t start = image + segment->p_vaddr;
    uint64_t stored = start + segment->p_filesz;
    uint64_t end = (start + segment->p_memsz + PAGE - 1) & ~(PAGE - 1);
    uint64_t page = start & ~(PAGE - 1);
    uint64_t rest = segment->p_filesz ? (stored + PAGE - 1) & ~(PAGE - 1) : page;
    uint64_t offset = segment->p_offset & ~(PAGE - 1);
    int rights = (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0)
                 | (segment->p_flags & PF_X ? PROT_EXEC : 0);

    if (rest > page && !map(page, stored - page, rights, MAP_PRIVATE | MAP_FIXED, file, offset)) {
        return false;
    }
    if (rest > stored && segment->p_memsz > segment->p_filesz) {
        for (volatile char *byte = (volatile char *)stored; (uint64_t)byte < rest; byte++) {
            *byte = 0;
        }
    }
    return end <= rest || map(rest, end - rest, rights, ANONYMOUS | MAP_FIXED, -1, 0);
}

MACHINE_EARLY static void
unmap(const struct snapshot_header *header, const struct snapshot_range *ranges, uint64_t count)
{
    machine_call(SYS_munmap, (long)header->image, (long)map_span(), 0, 0, 0, 0);
    for (uint64_t i = 0; i < count; i++) {
        machine_call(SYS_munmap, (long)ranges[i].address, (long)ranges[i].size, 0, 0, 0, 0);
    }
}

MACHINE_EARLY static bool
map_image(const struct snapshot_header *header, int file)
{
    int count;
    const ElfW(Phdr) *all = map_headers(&count);

    if (!map(header->image, map_span(), PROT_NONE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (all[i].p_type == PT_LOAD && !map_segment(&all[i], header->image, file)) {
            unmap(header, NULL, 0);
            return false;
        }
    }
    return true;
}

MACHINE_EARLY static bool
map_range(const struct snapshot_range *range, int file, uint64_t part)
{
    int flags = range->is_free ? MAP_FIXED_NOREPLACE : MAP_FIXED;

    if (range->source == SNAPSHOT_ZEROS) {
        return map(range->address, range->size, (int)range->rights, ANONYMOUS | flags, -1, 0);
    }
    return map(range->address, range->size, (int)range->rights, MAP_PRIVATE | flags, file,
               range->offset + (range->source == SNAPSHOT_PART ? part : 0));
}

MACHINE_EARLY bool
map_all(const struct snapshot_header *header, int file, uint64_t part)
{
    const struct snapshot_range *ranges = (const void *)((const char *)header + header->ranges);

    if (!map_image(header, file)) {
        return false;
    }
    for (uint64_t i = 0; i < header->range_count; i++) {
        if (!map_range(&ranges[i], file, part)) {
            unmap(header, ranges, i);
            return false;
        }
    }
    return true;
}
