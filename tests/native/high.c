/* A library that needs another, reads a file of the application, and calls the dlopen family. */

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void low_hello(void);
int which(void);
int malloc_is_libcs(void);
int other_which(void);
int own_name(char *into, size_t size);
int listed(const char *wanted);
int described(void *handle, char *into, size_t size);
int first_byte(const char *path);
void *aligned(size_t size);
void *dlvsym(void *restrict handle, const char *restrict name, const char *restrict version);

static int found;

__attribute__((constructor)) static void
begin(void)
{
    puts("high begins");
    fflush(stdout);
    low_hello();
}

__attribute__((destructor)) static void
end(void)
{
    puts("high ends");
    fflush(stdout);
}

/* The definition before this one, in the object that opened first, is low's. */
int
which(void)
{
    return 2;
}

int
other_which(void)
{
    int (*next)(void) = (int (*)(void))dlsym(RTLD_NEXT, "which");

    return next ? next() : -1;
}

int
malloc_is_libcs(void)
{
    return dlsym(RTLD_DEFAULT, "malloc") == (void *)malloc;
}

/* The names of this object and of this function, as dladdr tells them. */
int
own_name(char *into, size_t size)
{
    Dl_info info;

    if (!dladdr((void *)own_name, &info) || info.dli_saddr != (void *)own_name) {
        return -1;
    }
    return snprintf(into, size, "%s %s", info.dli_fname, info.dli_sname);
}

static int
compare(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    found += strstr(info->dlpi_name, wanted) != NULL && info->dlpi_phnum > 0;
    return 0;
}

/* How many objects that contain this name are loaded. */
int
listed(const char *wanted)
{
    found = 0;
    dl_iterate_phdr(compare, (void *)wanted);
    return found;
}

/* What dlinfo tells of a handle, and what a versioned lookup finds. */
int
described(void *handle, char *into, size_t size)
{
    struct link_map *map = NULL;

    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map->l_addr == 0 || map->l_ld == NULL) {
        return -1;
    }
    if (dlvsym(handle, "which", "VERSION_1") != dlsym(handle, "which") || dlclose(handle) != 0) {
        return -1;
    }
    return snprintf(into, size, "%s", map->l_name);
}

int
first_byte(const char *path)
{
    FILE *file = fopen(path, "r");
    int byte = file ? fgetc(file) : -2;

    if (file) {
        fclose(file);
    }
    return byte;
}

/* From the same allocator as what `free` frees. */
void *
aligned(size_t size)
{
    void *memory = aligned_alloc(64, size);

    free(memory);
    return aligned_alloc(64, size);
}
