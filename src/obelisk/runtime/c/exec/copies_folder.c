/* Where temporary copies are, and their end. See exec/copies_folder.h.

   The folder's name has the number of the process that removes it, that of the machine and the processes'
   namespace, and random bytes that the kernel gives to each process (AT_RANDOM): a child finds what its
   parent has, and who comes later what a process left that was killed. */

#include "exec/copies_folder.h"

#include "exec/copies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/tree_removal.h"
#include "vfs/guard.h"

/* Letters that need no quotes in a shell. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+,:@";

/* Where copies may be, of this process or of a child, once there can be any. */
static char own_folder[PATH_MAX];
static bool has_folder;
static pid_t owner; /* the process that removes them */
static atomic_flag guard = ATOMIC_FLAG_INIT; /* for the three */

pid_t __real_fork(void);

pid_t __wrap_fork(void);

bool
copies_has_own_memory(void)
{
    return syscall(SYS_gettid) == gettid();
}

/* Return a number of the namespace in which this process has its number, which no other machine that shares
   a disk with this one has; 0 if it is unknown. */
static unsigned long
place_number(void)
{
    char space[64] = "";
    char boot[64] = "";
    ssize_t size = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (file < 0 || size <= (ssize_t)strlen("pid:[")) {
        close(file);
        return 0;
    }
    size = read(file, boot, sizeof(boot) - 1);
    close(file);
    return size > 8 ? strtoul(boot, NULL, 16) << 32 ^ strtoul(space + strlen("pid:["), NULL, 10) : 0;
}

static bool
is_gone(pid_t process)
{
    return kill(process, 0) != 0 && errno == ESRCH;
}

/* A process whose parent has ended, such as a daemon, removes its copies itself. */
static void
replace_owner(void)
{
    if (owner != getpid() && is_gone(owner)) {
        owner = copies_has_own_memory() ? getpid() : getppid();
        has_folder = false;
    }
}

static void
name_folder(void)
{
    const char *parent = getenv("TMPDIR");
    const uint64_t *random = (const void *)getauxval(AT_RANDOM);

    if (parent == NULL || parent[0] != '/' || strlen(parent) > PATH_MAX / 2
        || parent[strspn(parent, plain)] != '\0') {
        parent = "/tmp";
    }
    snprintf(own_folder, sizeof(own_folder), "%s/obelisk-%d-%lu-%016llx", parent, (int)owner,
             place_number(), random ? (unsigned long long)random[1] : 0);
    has_folder = true;
}

void
copies_folder(char *into)
{
    bool entered = vfs_guard_enter(&guard);

    replace_owner();
    if (!has_folder) {
        name_folder();
    }
    strcpy(into, own_folder);
    if (entered) {
        vfs_guard_leave(&guard);
    }
}

void
copies_serve(void)
{
    owner = gettid(); /* libc knows the number of a process in which there is one thread */
}

/* What a child puts there is known to who waits for it. Not by pthread_atfork, which allocates. */
pid_t
__wrap_fork(void)
{
    char folder[PATH_MAX];

    if (owner != 0) {
        copies_folder(folder);
    }
    return __real_fork();
}

/* Remove what is left of processes that were killed. */
static void
remove_leftovers(void)
{
    unsigned long here = place_number();
    char path[PATH_MAX];
    DIR *entries;
    struct dirent *entry;

    *strrchr(own_folder, '/') = '\0'; /* the folder that it was in */
    entries = here != 0 ? opendir(own_folder) : NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        int process;
        unsigned long place;
        if (sscanf(entry->d_name, "obelisk-%d-%lu-", &process, &place) == 2 && process > 0
            && place == here && is_gone(process)
            && snprintf(path, sizeof(path), "%s/%s", own_folder, entry->d_name)
                   < (int)sizeof(path)) {
            tree_remove(path);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

__attribute__((destructor)) static void
remove_copies(void)
{
    if (has_folder && getpid() == owner && tree_remove(own_folder)) {
        remove_leftovers();
    }
}

bool
copies_is_owner(void)
{
    return getpid() == owner;
}
