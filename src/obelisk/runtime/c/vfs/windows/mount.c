/* What the executable's own file system is made of. See vfs/mount.h. */

#include "vfs/mount.h"

#include "vfs/windows/own.h"

static const struct payload *mounted;
static const char *root;

void
vfs_mount(const struct payload *payload, const char *executable)
{
    mounted = payload;
    root = executable;
    own_mount(executable);
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

bool
vfs_begins(const char *name)
{
    return own_is_below(name);
}
