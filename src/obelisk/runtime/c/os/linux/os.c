/* The operating system: Linux. */

#include "os/os.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/privilege.h"
#ifdef OBELISK_SNAPSHOT
#include "snapshot/snapshot.h"
#endif

/* The types of the program headers that `link` adds, in the range that the ELF specification leaves
   to operating systems: "oblk" and what follows. The segments are mapped by PT_LOADs beside them. */
static const uint32_t segment_types[] = {
    [OS_PAYLOAD] = 0x6f626c6b,
    [OS_OBJECTS] = 0x6f626c6d,
    [OS_DIGEST] = 0x6f626c6e,
};

static const ElfW(Phdr) *
program_header(uint32_t type)
{
    const ElfW(Ehdr) *file = (const void *)os_image;
    const ElfW(Phdr) *headers = (const void *)(os_image + file->e_phoff);

    for (int i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == type) {
            return &headers[i];
        }
    }
    return NULL;
}

void
os_protect(void)
{
    const ElfW(Phdr) *relro = program_header(PT_GNU_RELRO);
    uintptr_t page = getauxval(AT_PAGESZ);
    uintptr_t start;
    uintptr_t end;

    if (relro == NULL) {
        return;
    }
    start = (uintptr_t)os_image + relro->p_vaddr;
    end = (start + relro->p_memsz) & ~(page - 1);
    start &= ~(page - 1);
    if (mprotect((void *)start, end - start, PROT_READ) != 0) {
        os_die_of_error("cannot make relocated data read-only");
    }
}

struct os_span
os_segment(enum os_part part)
{
    const ElfW(Phdr) *header = program_header(segment_types[part]);
    struct os_span span = {NULL, 0, 0};

    if (header != NULL) {
        span.base = os_image + header->p_vaddr;
        span.size = header->p_filesz;
        span.offset = header->p_offset;
    }
    return span;
}

const char *
os_asked_path(void)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    return path ? path : "";
}

/* Without /proc, as in an empty chroot, the path is what the kernel was asked to execute. It is
   made absolute and freed of links and dots, as /proc would give it. */
static void
path_from_start(char *path, size_t size)
{
    const char *asked = os_asked_path();
    char resolved[PATH_MAX];

    if (privilege_is_raised()) { /* the caller told it, and may have changed what is there since */
        snprintf(path, size, "executable");
        os_die(OS_EXIT_FAILED, "cannot determine its path: a privileged process needs /proc");
    }
    snprintf(path, size, "%s", realpath(asked, resolved) ? resolved : asked);
}

/* The kernel says so of a file that was removed or replaced after it began to run. */
static void
drop_deleted(char *path, size_t size)
{
    static const char mark[] = " (deleted)";
    const size_t length = sizeof(mark) - 1;
    struct stat file;

    if (size > length && strcmp(path + size - length, mark) == 0
        && stat("/proc/self/exe", &file) == 0 && file.st_nlink == 0) {
        path[size - length] = '\0';
    }
}

#ifdef OBELISK_SNAPSHOT
static char path[PATH_MAX];

void
os_forget_executable(void)
{
    memset(path, 0, sizeof(path));
}
#endif

const char *
os_executable(void)
{
#ifndef OBELISK_SNAPSHOT
    static char path[PATH_MAX];
#endif
    ssize_t size;

#ifdef OBELISK_SNAPSHOT
    if (snapshot_is_preparing() || snapshot_is_measured()) { /* what is made of it leads to the executable in each process */
        return SNAPSHOT_ROOT;
    }
#endif
    if (path[0] != '\0') {
        return path;
    }
    size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (size > 0) {
        path[size] = '\0';
        drop_deleted(path, (size_t)size);
    }
    else {
        path_from_start(path, sizeof(path));
    }
    return path;
}

/* Read the quota of the control group in processors, rounded up; 0 when there is none. The files are
   those of control groups version 2 and 1, where containers see their own. */
static long
quota(void)
{
    static const char *const quotas[] = {"/sys/fs/cgroup/cpu.max",
                                         "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"};
    static const char period_file[] = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";
    long granted = 0;
    long period = 0;

    for (size_t i = 0; i < 2 && period == 0; i++) {
        FILE *file = fopen(quotas[i], "re");
        if (file == NULL) {
            continue;
        }
        if (fscanf(file, "%ld %ld", &granted, &period) == 1) {
            FILE *other = fopen(period_file, "re");
            if (other != NULL && fscanf(other, "%ld", &period) != 1) {
                period = 0;
            }
            if (other != NULL) {
                fclose(other);
            }
        }
        fclose(file);
    }
    return granted > 0 && period > 0 ? (granted + period - 1) / period : 0;
}

int
os_granted_processors(void)
{
    long granted = quota();
    long usable;
    cpu_set_t set;

    usable = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                          : sysconf(_SC_NPROCESSORS_ONLN);
    return (int)(granted > 0 && granted < usable ? granted : usable);
}

/* stdio may be locked by a thread that a child does not have. */
_Noreturn void
os_die(int status, const char *message)
{
    char line[PATH_MAX + 512];
    int size = snprintf(line, sizeof(line) - 1, "%s: %s", os_executable(), message);

    size = size < (int)sizeof(line) - 1 ? size : (int)sizeof(line) - 2;
    line[size] = '\n';
    if (write(STDERR_FILENO, line, (size_t)size + 1) < 0) {
        /* nobody listens */
    }
    _exit(status);
}

_Noreturn void
os_die_of_error(const char *message)
{
    int error = errno;
    char text[256];

    snprintf(text, sizeof(text), "%s: %s", message, strerror(error));
    os_die(OS_EXIT_FAILED, text);
}
