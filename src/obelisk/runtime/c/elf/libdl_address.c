/* What is at an address: dladdr, and dl_iterate_phdr, by which unwinders find an object's tables. */

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>

#include "elf/dso.h"
#include "elf/gnu_hash.h"
#include "elf/libdl.h"
#include "os/os.h"

#define MAX_HEADERS 64

/* Say what is at a place of the symbols' own, whose address 0 is at the place `base`. */
static void
name_symbol(const struct symbols *symbols, uint64_t base, uint64_t place, Dl_info *info)
{
    const ElfW(Sym) *symbol = symbols_nearest(symbols, place);

    info->dli_sname = symbol ? symbols->strings + symbol->st_name : NULL;
    info->dli_saddr = symbol ? (void *)objects_at(base + symbol->st_value) : NULL;
}

int
dladdr(const void *address, Dl_info *info)
{
    int64_t number = objects_around(address);
    uint64_t place = (uint64_t)address - (uint64_t)os_image;
    struct symbols symbols;

    if (number >= 0) {
        const struct object *object = objects_get((uint32_t)number);
        symbols = symbols_of_object(object);
        info->dli_fname = libdl_name((uint32_t)number);
        info->dli_fbase = (void *)objects_at(object->base);
        name_symbol(&symbols, object->base, place - object->base, info);
        return 1;
    }
    symbols = symbols_of_executable();
    if (place >> 32 || symbols.hash == NULL) {
        return 0;
    }
    info->dli_fname = os_executable();
    info->dli_fbase = (void *)os_image;
    name_symbol(&symbols, 0, place, info);
    return 1;
}

/* The executable as it was before objects were added: an unwinder that finds one of their addresses
   in its segments would look no further, and in the wrong tables. */
static struct dl_phdr_info
own_headers(void)
{
    static ElfW(Phdr) headers[MAX_HEADERS];
    const struct objects *table = objects_table();
    const ElfW(Ehdr) *file = (const void *)os_image;
    const ElfW(Phdr) *all = objects_at(file->e_phoff);
    struct dl_phdr_info info = {
        .dlpi_addr = (uintptr_t)os_image,
        .dlpi_name = "",
        .dlpi_phdr = table ? headers : all,
        .dlpi_phnum = table ? 0 : file->e_phnum,
        .dlpi_adds = 1 + objects_loaded_count(),
        .dlpi_tls_modid = 1,
    };

    for (int i = 0; table && i < file->e_phnum && info.dlpi_phnum < MAX_HEADERS; i++) {
        if (all[i].p_type != PT_LOAD || all[i].p_vaddr < table->memory.start) {
            headers[info.dlpi_phnum++] = all[i];
        }
    }
    return info;
}

int
dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    uint32_t count = objects_loaded_count();
    struct dl_phdr_info info = own_headers();
    int answer = callback(&info, sizeof(info), data);

    info.dlpi_tls_modid = 0;
    for (uint32_t i = 0; answer == 0 && i < count; i++) {
        uint32_t number = objects_loaded(i);
        const struct object *object = objects_get(number);

        info.dlpi_addr = (uintptr_t)objects_at(object->base);
        info.dlpi_name = libdl_name(number);
        info.dlpi_phdr = objects_at(object->headers);
        info.dlpi_phnum = (ElfW(Half))object->header_count;
        answer = callback(&info, sizeof(info), data);
    }
    return answer;
}
