/* dlopen and its family for an executable that loads nothing: what they find is linked in.

   Symbols are looked up in the GNU hash tables of the executable, which exports libc and the Python
   C API, and of the objects (elf/dso.h). Lookups in the executable prefer its own file system's
   calls to libc's. What is at an address is told by elf/libdl_address.c. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dso.h"
#include "elf/gnu_hash.h"
#include "elf/libdl.h"
#include "os/os.h"
#include "vfs/vfs.h"

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

/* Beginnings of the names that programs give to parts of libc, which is in the executable. */
static const char *const libc_names[] = {
    "libc.so",  "libc.musl-", "libm.so",      "libpthread.so", "libdl.so",
    "librt.so", "ld-musl-",   "libpython3", NULL,
};

/* musl calls this when a thread ends, to free what its own dlerror keeps; ours keeps nothing. */
void __dl_thread_cleanup(void);
/* Not in musl's dlfcn.h. */
void *dlvsym(void *restrict handle, const char *restrict name, const char *restrict version);

static _Thread_local char message[PATH_MAX + 256];
static _Thread_local int failed;

static struct link_map own_map;
static struct link_map *maps; /* one for each object; a handle is the address of one */

static void
complain(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    failed = 1;
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

void
__dl_thread_cleanup(void)
{
}

static void *
find_in_executable(const char *name)
{
    struct symbols symbols = symbols_of_executable();
    const ElfW(Sym) *symbol = NULL;
    char wrapped[64];

    if (snprintf(wrapped, sizeof(wrapped), "__wrap_%s", name) < (int)sizeof(wrapped)) {
        symbol = symbols_find(&symbols, wrapped, symbols_hash(wrapped));
    }
    if (symbol == NULL) {
        symbol = symbols_find(&symbols, name, symbols_hash(name));
    }
    return symbol ? (void *)objects_at(symbol->st_value) : NULL;
}

static void *
find_in_object(uint32_t number, const char *name, uint32_t wanted)
{
    const struct object *object = objects_get(number);
    struct symbols symbols = symbols_of_object(object);
    const ElfW(Sym) *symbol = symbols_find(&symbols, name, wanted);

    if (symbol == NULL) {
        return NULL;
    }
    if (ELF64_ST_TYPE(symbol->st_info) == STT_TLS) {
        return (char *)__builtin_thread_pointer() - object->tls_below + symbol->st_value;
    }
    if (symbol->st_shndx == SHN_ABS) {
        return (void *)(uintptr_t)symbol->st_value;
    }
    return (void *)objects_at(object->base + symbol->st_value);
}

static void *
find_in_global(const char *name)
{
    uint32_t wanted = symbols_hash(name);
    void *found = NULL;

    for (uint32_t i = 0; found == NULL && i < objects_global_count(); i++) {
        found = find_in_object(objects_global(i), name, wanted);
    }
    return found;
}

/* Look through an object and all it needs, the last of which is libc; only behind `after` if that
   is an object's number. */
static void *
find_in_closure(uint32_t number, int64_t after, const char *name)
{
    const struct object *object = objects_get(number);
    const uint32_t *closure = objects_at(object->closure);
    uint32_t wanted = symbols_hash(name);
    void *found = NULL;

    for (uint32_t i = 0; found == NULL && i < object->closure_count; i++) {
        if (after < 0) {
            found = find_in_object(closure[i], name, wanted);
        }
        else if (closure[i] == after) {
            after = -1;
        }
    }
    return found ? found : find_in_executable(name);
}

static void *
find(void *handle, const char *name, const void *caller)
{
    void *found;

    if (handle == RTLD_NEXT) {
        int64_t number = objects_around(caller);
        return number < 0 ? find_in_global(name)
                          : find_in_closure((uint32_t)number, number, name);
    }
    if (handle == RTLD_DEFAULT || handle == &own_map) {
        found = find_in_executable(name);
        return found ? found : find_in_global(name);
    }
    return find_in_closure((uint32_t)((struct link_map *)handle - maps), -1, name);
}

static bool
is_handle(const void *handle)
{
    const struct link_map *map = handle;
    const struct objects *table = objects_table();

    return handle == &own_map || (maps && map >= maps && map < maps + table->count);
}

static void *
find_or_complain(void *handle, const char *name, const void *caller)
{
    void *found;

    if (handle != RTLD_DEFAULT && handle != RTLD_NEXT && !is_handle(handle)) {
        complain("invalid library handle %p", handle);
        return NULL;
    }
    found = find(handle, name, caller);
    if (found == NULL) {
        complain("symbol not found: %s", name);
    }
    return found;
}

void *
dlsym(void *restrict handle, const char *restrict name)
{
    return find_or_complain(handle, name, __builtin_return_address(0));
}

void *
dlvsym(void *restrict handle, const char *restrict name, const char *restrict version)
{
    (void)version; /* the default one is all there is */
    return find_or_complain(handle, name, __builtin_return_address(0));
}

static bool
is_libc(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *own = slash ? slash + 1 : name;

    for (const char *const *known = libc_names; *known != NULL; known++) {
        if (strncmp(own, *known, strlen(*known)) == 0) {
            return true;
        }
    }
    return false;
}

/* A library is found by its name, and by any path to it. */
static int64_t
find_object(const char *name)
{
    struct vfs_path path;
    bool inside = strchr(name, '/') != NULL
                  && vfs_lookup(AT_FDCWD, name, 0, &path) == VFS_INSIDE;

    return objects_find(inside ? path.text : name);
}

/* Write the whole paths of all objects into new memory, one behind the other; false when there is none. */
static bool
name_maps(uint32_t count)
{
    size_t before = strlen(os_executable()) + 1;
    size_t size = 0;
    char *path;

    for (uint32_t i = 0; i < count; i++) {
        size += before + strlen(objects_at(objects_get(i)->name)) + 1;
    }
    path = malloc(size + 1);
    for (uint32_t i = 0; path != NULL && i < count; i++) {
        maps[i].l_name = path;
        path = stpcpy(stpcpy(stpcpy(path, os_executable()), "/"), objects_at(objects_get(i)->name));
        path++;
    }
    return path != NULL;
}

/* Describe the executable and all objects, for dlinfo and dl_iterate_phdr, as a dynamic linker would. */
static void
make_maps(void)
{
    static char empty[] = "";
    const struct objects *table = objects_table();
    uint32_t count = table ? table->count : 0;

    own_map.l_addr = (uintptr_t)os_image;
    own_map.l_name = empty;
    own_map.l_ld = _DYNAMIC;
    maps = count > 0 ? calloc(count, sizeof(*maps)) : NULL;
    if (maps != NULL && !name_maps(count)) {
        free(maps);
        maps = NULL;
    }
    for (uint32_t i = 0; maps != NULL && i < count; i++) {
        const struct object *object = objects_get(i);
        maps[i].l_addr = (uintptr_t)objects_at(object->base);
        maps[i].l_ld = (void *)objects_at(object->dynamic);
        maps[i].l_prev = &own_map;
    }
}

const char *
libdl_name(uint32_t number)
{
    return maps[number].l_name; /* what is loaded was opened, and so described */
}

static void *
open_object(uint32_t number, const char *name, int mode)
{
    if ((mode & RTLD_NOLOAD) && !objects_is_loaded(number)) {
        return NULL;
    }
    if (!objects_load(number, mode & RTLD_GLOBAL)) {
        complain("%s: cannot set up its memory: %s", name, strerror(errno));
        return NULL;
    }
    return &maps[number];
}

void *
dlopen(const char *name, int mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t number;

    pthread_once(&once, make_maps);
    if (name == NULL || is_libc(name)) {
        return &own_map;
    }
    if (maps == NULL && objects_table() != NULL) {
        complain("%s: %s", name, strerror(ENOMEM));
        return NULL;
    }
    number = maps ? find_object(name) : -1;
    if (number < 0) {
        complain("%s: not linked into this executable, which cannot load libraries from disk (add "
                 "the library, built for musl, to native-libraries in [tool.obelisk] and rebuild)",
                 name);
        return NULL;
    }
    return open_object((uint32_t)number, name, mode);
}

int
dlclose(void *handle)
{
    (void)handle; /* as in musl, what is loaded stays */
    return 0;
}

int
dlinfo(void *handle, int request, void *result)
{
    if (!is_handle(handle)) {
        complain("invalid library handle %p", handle);
        return -1;
    }
    if (request != RTLD_DI_LINKMAP) {
        complain("unsupported dlinfo request %d", request);
        return -1;
    }
    *(struct link_map **)result = handle;
    return 0;
}
