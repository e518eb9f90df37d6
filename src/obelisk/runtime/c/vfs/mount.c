/* What the executable's own file system is made of, and the names that lead to it. See vfs/vfs.h. */

#include "vfs/vfs.h"

#include <string.h>

static const struct payload *mounted;
static const char *root;

/* Names of the executable, without a slash behind. */
static struct {
    const char *text;
    size_t size;
} names[4];

void
vfs_alias(const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].text == NULL) {
            names[i].size = strlen(name);
            names[i].text = name;
            return;
        }
    }
}

void
vfs_mount(const struct payload *payload, const char *executable)
{
    mounted = payload;
    root = executable;
    vfs_alias(executable);
}

const struct payload *
vfs_payload(void)
{
    return mounted;
}

const char *
vfs_root(void)
{
    return root;
}

size_t
vfs_name_size(const char *path)
{
    for (size_t i = 0; path != NULL && i < sizeof(names) / sizeof(names[0]) && names[i].text; i++) {
        if (strncmp(path, names[i].text, names[i].size) == 0 && path[names[i].size] == '/') {
            return names[i].size;
        }
    }
    return 0;
}

bool
vfs_begins(const char *name)
{
    return vfs_name_size(name) > 0;
}
