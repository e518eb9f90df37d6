/* Opening files of the executable's own file system for a child. See vfs/vfs.h.

   posix_spawn(3) opens in the child, where only the kernel is asked. What is ours is opened here
   instead, in a copy of the list, and given on by its descriptor. */

#include "vfs/vfs.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfs/call.h"
#include "vfs/content.h"

/* As src/process/fdop.h of musl has it; the list begins with what is done last. */
enum { FDOP_DUP2 = 2, FDOP_OPEN = 3, FDOP_CHDIR = 4 };

struct fdop {
    struct fdop *next;
    struct fdop *prev;
    int cmd;
    int fd;
    int srcfd;
    int oflag;
    mode_t mode;
    char path[];
};

int __real_fstatat(int, const char *, struct stat *, int);
int __real_posix_spawn(pid_t *restrict, const char *restrict, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *restrict, char *const[restrict],
                       char *const[restrict]);
int __wrap_posix_spawn(pid_t *restrict, const char *restrict, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *restrict, char *const[restrict],
                       char *const[restrict]);

static bool
opens_ours(const struct fdop *op)
{
    struct vfs_path found;
    struct stat file;

    return op->cmd == FDOP_OPEN
           && (vfs_begins(op->path) || (__real_fstatat(AT_FDCWD, op->path, &file, 0) != 0 && errno == ENOTDIR))
           && vfs_lookup(AT_FDCWD, op->path, 0, &found) == VFS_INSIDE;
}

/* Say whether any action opens a file of ours, and which descriptor none of them means. */
static bool
any_opens_ours(const struct fdop *op, int *unused)
{
    bool any = false;

    *unused = STDERR_FILENO + 1;
    for (; op != NULL; op = op->next) {
        any = any || opens_ours(op);
        *unused = op->fd >= *unused ? op->fd + 1 : *unused;
    }
    return any;
}

/* Open a file of ours that a child will read, which duplicates it by a bare system call. Returns -1 with
   errno. */
static int
open_for_child(const struct fdop *op, int unused)
{
    const struct vfs_large *large = NULL;
    int file = open(op->path, op->oflag | O_CLOEXEC, op->mode);
    int moved = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, unused);
    int error = errno;

    if (moved >= 0
        && (vfs_large_of(moved, &large) != 0 || (large && vfs_large_fill(large, moved) != 0))) {
        error = errno;
        close(moved);
        moved = -1;
    }
    if (file >= 0) {
        close(file);
    }
    errno = error;
    return moved;
}

/* Return a copy of an action, or NULL with errno. */
static struct fdop *
copy_action(const struct fdop *op, int unused)
{
    bool named = op->cmd == FDOP_OPEN || op->cmd == FDOP_CHDIR;
    size_t size = sizeof(*op) + (named ? strlen(op->path) + 1 : 0);
    struct fdop *copy = malloc(size);

    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, op, size);
    if (!opens_ours(op)) {
        return copy;
    }
    copy->cmd = FDOP_DUP2;
    copy->srcfd = open_for_child(op, unused);
    if (copy->srcfd < 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

/* Free copied actions, and close what was opened for them: `ours` is as the list that they are of. */
static void
free_actions(struct fdop *copy, const struct fdop *original)
{
    while (copy != NULL) {
        struct fdop *next = copy->next;
        if (copy->cmd != original->cmd) {
            close(copy->srcfd);
        }
        free(copy);
        copy = next;
        original = original->next;
    }
}

/* Copy a list. Returns NULL with errno. */
static struct fdop *
copy_actions(const struct fdop *original, int unused)
{
    struct fdop *first = NULL;
    struct fdop *last = NULL;

    for (const struct fdop *op = original; op != NULL; op = op->next) {
        struct fdop *copy = copy_action(op, unused);
        if (copy == NULL) {
            int error = errno;
            free_actions(first, original);
            errno = error;
            return NULL;
        }
        copy->next = NULL;
        copy->prev = last;
        *(last ? &last->next : &first) = copy;
        last = copy;
    }
    return first;
}

int
__wrap_posix_spawn(pid_t *restrict child, const char *restrict path,
                   const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                   char *const envp[restrict])
{
    posix_spawn_file_actions_t changed;
    int unused;
    int error;

    if (actions == NULL || !any_opens_ours(actions->__actions, &unused)) {
        return __real_posix_spawn(child, path, actions, attributes, argv, envp);
    }
    changed = *actions;
    changed.__actions = copy_actions(actions->__actions, unused);
    if (changed.__actions == NULL) {
        return errno;
    }
    error = __real_posix_spawn(child, path, &changed, attributes, argv, envp);
    free_actions(changed.__actions, actions->__actions);
    return error;
}
