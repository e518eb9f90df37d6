/* dlopen and its family for an executable that loads nothing.

   The executable's own dynamic symbol table (`--export-dynamic`: libc and the Python C API) is what
   dlsym looks names up in, as the ELF specification and the GNU hash table's description say.
   ctypes.pythonapi and ctypes.CDLL(None) work with it. */

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "os.h"

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern const ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct symbols {
    const ElfW(Sym) *table;
    const char *strings;
    const uint32_t *hash;
};

/* Names that programs give to parts of libc, which is in the executable: a prefix each. */
static const char *const libc_names[] = {
    "libc.so", "libc.musl-", "libm.so", "libpthread.so", "libdl.so", "librt.so", NULL,
};

/* musl calls this when a thread ends, to free what its own dlerror keeps; ours keeps nothing. */
void __dl_thread_cleanup(void);

static _Thread_local char message[256];
static _Thread_local int failed;

static const void *
address(uintptr_t offset)
{
    return (const char *)&__ehdr_start + offset;
}

static struct symbols
own_symbols(void)
{
    struct symbols found = {NULL, NULL, NULL};

    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            found.table = address(entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            found.strings = address(entry->d_un.d_ptr);
            break;
        case DT_GNU_HASH:
            found.hash = address(entry->d_un.d_ptr);
            break;
        default:
            break;
        }
    }
    return found;
}

static uint32_t
gnu_hash(const char *name)
{
    uint32_t hash = 5381;

    for (; *name != '\0'; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return hash;
}

/* The table is: bucket count, first hashed symbol, filter words, filter shift; the filter (words of
   pointer size), the buckets, and a chain whose hashes end at one with its lowest bit set. */
static const ElfW(Sym) *
lookup(const struct symbols *symbols, const char *name)
{
    const uint32_t *hash = symbols->hash;
    uint32_t wanted = gnu_hash(name);
    const uint32_t *buckets = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chain = buckets + hash[0];
    uint32_t index = buckets[wanted % hash[0]];

    if (index < hash[1]) {
        return NULL;
    }
    for (;; index++) {
        uint32_t own = chain[index - hash[1]];
        const ElfW(Sym) *symbol = &symbols->table[index];
        if ((own | 1) == (wanted | 1) && strcmp(symbols->strings + symbol->st_name, name) == 0) {
            return symbol;
        }
        if (own & 1) {
            return NULL;
        }
    }
}

static void
complain(const char *format, const char *name)
{
    snprintf(message, sizeof(message), format, name);
    failed = 1;
}

void *
dlopen(const char *name, int mode)
{
    (void)mode;
    if (name == NULL) {
        return (void *)&__ehdr_start;
    }
    for (const char *const *known = libc_names; *known != NULL; known++) {
        if (strncmp(name, *known, strlen(*known)) == 0) {
            return (void *)&__ehdr_start;
        }
    }
    complain("%s: a static executable loads no shared objects", name);
    return NULL;
}

void *
dlsym(void *restrict handle, const char *restrict name)
{
    struct symbols symbols = own_symbols();
    const ElfW(Sym) *symbol = symbols.hash ? lookup(&symbols, name) : NULL;

    (void)handle;
    if (symbol == NULL || symbol->st_shndx == SHN_UNDEF) {
        complain("symbol not found: %s", name);
        return NULL;
    }
    return (void *)address(symbol->st_value);
}

int
dlclose(void *handle)
{
    (void)handle;
    return 0;
}

void
__dl_thread_cleanup(void)
{
}

char *
dlerror(void)
{
    if (!failed) {
        return NULL;
    }
    failed = 0;
    return message;
}

/* The nearest exported symbol at or below an address, for stack dumps. */
int
dladdr(const void *place, Dl_info *info)
{
    struct symbols symbols = own_symbols();
    uintptr_t wanted = (uintptr_t)place - (uintptr_t)&__ehdr_start;
    const ElfW(Sym) *best = NULL;
    uint32_t highest = 0;

    if (symbols.hash == NULL || wanted >> 32) {
        return 0;
    }
    for (uint32_t bucket = 0; bucket < symbols.hash[0]; bucket++) {
        uint32_t first = symbols.hash[4 + symbols.hash[2] * 2 + bucket];
        highest = first > highest ? first : highest;
    }
    for (const ElfW(Sym) *symbol = symbols.table; symbol <= symbols.table + highest; symbol++) {
        if (symbol->st_shndx != SHN_UNDEF && symbol->st_value <= wanted
            && (best == NULL || symbol->st_value > best->st_value)) {
            best = symbol;
        }
    }
    info->dli_fname = os_executable();
    info->dli_fbase = (void *)&__ehdr_start;
    info->dli_sname = best ? symbols.strings + best->st_name : NULL;
    info->dli_saddr = best ? (void *)address(best->st_value) : NULL;
    return 1;
}
