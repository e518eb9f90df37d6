/* Removing a folder with all that is in it. See exec/tree_removal.h. */

#include "exec/tree_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
empty(int folder)
{
    DIR *entries = fdopendir(folder);
    struct dirent *entry;

    if (entries == NULL) {
        close(folder);
        return;
    }
    while ((entry = readdir(entries)) != NULL) {
        const char *name = entry->d_name;
        int below;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        below = openat(dirfd(entries), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            empty(below);
            unlinkat(dirfd(entries), name, AT_REMOVEDIR);
        }
        else {
            unlinkat(dirfd(entries), name, 0);
        }
    }
    closedir(entries);
}

bool
tree_remove(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat found;

    if (folder < 0) {
        return false;
    }
    if (fstat(folder, &found) != 0 || found.st_uid != geteuid()) {
        close(folder);
        return false;
    }
    empty(folder);
    return rmdir(path) == 0;
}
