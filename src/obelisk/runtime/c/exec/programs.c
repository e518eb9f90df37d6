/* Executing programs that are inside the executable. See exec/programs.h.

   A program is copied into memory that is executed (`execveat`); where the system refuses that, it is
   executed as a temporary copy. A script's interpreter is given a temporary copy of the script, but
   Python's is this executable, which reads the script in place. */

#include "exec/programs.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/copies.h"
#include "exec/foreign.h"
#include "exec/privilege.h"
#include "exec/scratch.h"
#include "exec/self_exec.h"
#include "os/os.h"
#include "payload/record_content.h"
#include "payload/settings.h"
#include "vfs/vfs.h"

/* musl's dynamic linker, for programs that need it where the system has none. */
#define LOADER ".obelisk/lib/ld-musl.so.1"
#define LOADER_NAME "/lib/ld-musl-"

/* As in the kernel: what is read of a script to find its interpreter. */
#define SCRIPT_HEAD 256

#define WORDS_BEFORE 6

extern char **environ;

static int
refused(int error)
{
    errno = error;
    return -1;
}

/* Return the program at a path, or NULL with errno set as by execve. */
static const struct payload_record *
find_program(const struct vfs_path *path)
{
    const struct payload_record *record;
    int error = vfs_get(path, &record);

    if (error != 0 || record == NULL || record->kind != PAYLOAD_PROGRAM) {
        errno = error ? error : EACCES;
        return NULL;
    }
    return record;
}

/* Return new arguments: `before`, then the given ones without the first. They are in the memory of
   `spare`, for `foreign_execute` has its own. */
static char **
arguments_behind(char *const before[], char *const argv[], char **spare)
{
    size_t count = 0;

    while (before[count] != NULL) {
        spare[count] = before[count];
        count++;
    }
    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        spare[count++] = argv[i];
    }
    spare[count] = NULL;
    return spare;
}

static char **
reserve_arguments(char *const argv[])
{
    size_t count = 0;

    while (argv[count] != NULL) {
        count++;
    }
    return scratch_reserve(SCRATCH_ARGUMENTS, (count + WORDS_BEFORE + 1) * sizeof(char *));
}

/* Programs that are inside do not see its files either. */
static int
execute_outside(const struct execution *execution)
{
    return foreign_is_concerned(execution) ? foreign_execute(execution)
                                           : self_exec_execute(execution);
}

static int
execute_with(const struct execution *execution, const char *path, char *const before[])
{
    struct execution changed = *execution;
    char **spare = reserve_arguments(execution->argv);

    if (spare == NULL) {
        return -1;
    }
    changed.path = path;
    changed.argv = arguments_behind(before, execution->argv, spare);
    changed.is_python = strcmp(path, os_executable()) == 0;
    return changed.is_python ? self_exec_execute(&changed) : execute_outside(&changed);
}

/* Execute an open file, or a temporary copy of it. */
static int
execute_memory(const struct execution *execution, const struct payload_record *record,
               const char *name)
{
    struct execution changed = *execution;
    char copy[PATH_MAX];
    int file = record_in_memory(record, name);
    int error = EACCES;

    if (file >= 0) {
        changed.path = "";
        changed.file = file;
        execute_outside(&changed);
        error = errno;
        close(file);
    }
    if ((file < 0 || error == EACCES || error == EPERM || error == ENOSYS)
        && copies_make(name, copy) != NULL) {
        changed.path = copy;
        changed.file = AT_FDCWD;
        execute_outside(&changed);
        error = errno;
        copies_take_back();
    }
    return refused(error);
}

/* Say whether a program asks for musl's dynamic linker. */
static bool
needs_loader(struct payload_span program)
{
    const Elf64_Ehdr *file = (const void *)program.start;

    if (program.size < sizeof(*file) || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0
        || file->e_phentsize != sizeof(Elf64_Phdr) || file->e_phoff % sizeof(uint64_t) != 0
        || file->e_phoff > program.size
        || (program.size - file->e_phoff) / sizeof(Elf64_Phdr) < file->e_phnum) {
        return false;
    }
    for (int i = 0; i < file->e_phnum; i++) {
        const Elf64_Phdr *header = (const Elf64_Phdr *)(program.start + file->e_phoff) + i;
        if (header->p_type == PT_INTERP && header->p_filesz > 0
            && header->p_offset < program.size
            && header->p_filesz <= program.size - header->p_offset
            && program.start[header->p_offset + header->p_filesz - 1] == '\0') {
            return strncmp(program.start + header->p_offset, LOADER_NAME, strlen(LOADER_NAME)) == 0;
        }
    }
    return false;
}

/* Execute a program by the dynamic linker that is inside. */
static int
execute_by_loader(const struct execution *execution, const struct payload_record *loader,
                  const struct payload_record *record, const char *own_name)
{
    char name[PATH_MAX];
    char *first = execution->argv[0] ? execution->argv[0] : name;
    char *before[WORDS_BEFORE] = {"ld-musl", "--argv0", first, "--", name, NULL};
    struct execution changed = *execution;
    char **spare = reserve_arguments(execution->argv);
    char loader_path[PATH_MAX];
    int file;
    int error;

    if (spare == NULL) {
        return -1;
    }
    file = record_in_memory(record, own_name);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
    if (file < 0 || fcntl(file, F_SETFD, 0) != 0 || access(name, R_OK) != 0) {
        if (copies_make(own_name, name) == NULL) {
            close(file);
            return refused(ENOENT);
        }
    }
    changed.argv = arguments_behind(before, execution->argv, spare);
    snprintf(loader_path, sizeof(loader_path), "%s/" LOADER, os_executable());
    execute_memory(&changed, loader, loader_path);
    error = errno;
    close(file);
    return refused(error);
}

static int
execute_binary(const struct execution *execution, const struct payload_record *record,
               const char *own_name, bool by_loader)
{
    const struct vfs_path path = {.text = LOADER, .size = sizeof(LOADER) - 1};
    const struct payload_record *loader;

    execute_memory(execution, record, own_name);
    if (errno == ENOENT && by_loader) {
        loader = find_program(&path);
        return loader ? execute_by_loader(execution, loader, record, own_name) : refused(ENOENT);
    }
    return -1;
}

/* Split the first line of a script as the kernel does: the interpreter, and the rest as one word. */
static bool
read_head(struct payload_span script, char head[SCRIPT_HEAD], char **interpreter, char **rest)
{
    size_t size = script.size < SCRIPT_HEAD - 1 ? script.size : SCRIPT_HEAD - 1;
    char *end;

    memcpy(head, script.start, size);
    head[size] = '\0';
    head[strcspn(head, "\r\n")] = '\0';
    *interpreter = head + 2 + strspn(head + 2, " \t");
    end = *interpreter + strcspn(*interpreter, " \t");
    *rest = end + strspn(end, " \t");
    *end = '\0';
    for (size_t length = strlen(*rest); length > 0 && strchr(" \t", (*rest)[length - 1]); length--) {
        (*rest)[length - 1] = '\0';
    }
    return **interpreter != '\0';
}

static bool
is_named(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strncmp(slash ? slash + 1 : path, name, strlen(name)) == 0;
}

/* Say whether a script is for Python, by its own path or by `env`; leave in `rest` the options. */
static bool
is_for_python(const char *interpreter, char **rest)
{
    char *word = *rest;

    if (is_named(interpreter, "python")) {
        return true;
    }
    if (!is_named(interpreter, "env")) {
        return false;
    }
    if (strncmp(word, "-S", 2) == 0) {
        word += 2 + strspn(word + 2, " \t");
    }
    if (!is_named(word, "python")) {
        return false;
    }
    word += strcspn(word, " \t");
    *rest = word + strspn(word, " \t");
    return true;
}

static int
execute_script(const struct execution *execution, struct payload_span script, char *own_name)
{
    char head[SCRIPT_HEAD];
    char *interpreter;
    char *rest;
    char *before[WORDS_BEFORE] = {NULL};
    size_t count = 0;
    bool python;

    if (!read_head(script, head, &interpreter, &rest)) {
        return refused(ENOEXEC);
    }
    python = is_for_python(interpreter, &rest);
    before[count++] = python ? (char *)(uintptr_t)os_executable() : interpreter;
    if (*rest != '\0') {
        before[count++] = rest;
    }
    before[count] = own_name;
    return execute_with(execution, before[0], before);
}

/* Execute what a path leads to that goes out of the executable again. */
static int
execute_elsewhere(const struct execution *execution, const char *path)
{
    struct execution changed = *execution;

    changed.path = path;
    return execute_outside(&changed);
}

int
programs_execute(const struct execution *execution)
{
    const struct payload_record *record;
    struct payload_span content;
    struct vfs_path path;
    char name[PATH_MAX + sizeof(path.text)];

    switch (vfs_lookup(AT_FDCWD, execution->path, 0, &path)) {
    case VFS_NOWHERE:
    case VFS_FOREIGN:
        return -1;
    case VFS_OUTSIDE:
        return execute_elsewhere(execution, path.text);
    case VFS_INSIDE:
        break;
    }
    record = find_program(&path);
    if (record == NULL) {
        return -1;
    }
    snprintf(name, sizeof(name), "%s/%s", os_executable(), path.text);
    if (execution->argv == NULL) {
        return refused(EFAULT);
    }
    content.start = record_content(record);
    content.size = record->size;
    if (content.start == NULL) {
        return -1;
    }
    if (content.size > 2 && memcmp(content.start, "#!", 2) == 0) {
        return execute_script(execution, content, name);
    }
    return execute_binary(execution, record, name, needs_loader(content));
}

/* As an environment that is activated: its commands come first. */
static void
add_to_path(void)
{
    const char *before = getenv("PATH");
    size_t size = strlen(os_executable()) + sizeof("/bin");
    char *path;

    if (before != NULL && strncmp(before, os_executable(), size - sizeof("/bin")) == 0
        && strncmp(before + size - sizeof("/bin"), "/bin", 4) == 0
        && (before[size - 1] == ':' || before[size - 1] == '\0')) {
        return;
    }
    path = malloc(size + 1 + (before ? strlen(before) : strlen("/usr/local/bin:/bin:/usr/bin")) + 1);
    if (path == NULL) {
        os_die_of_error("cannot change PATH");
    }
    sprintf(path, "%s/bin:%s", os_executable(),
            before ? before : "/usr/local/bin:/bin:/usr/bin"); /* libc's own default */
    if (setenv("PATH", path, 1) != 0) {
        os_die_of_error("cannot change PATH");
    }
    free(path);
}

static void
become(const char *program, char **argv)
{
    char path[PATH_MAX];
    char message[PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", os_executable(), program);
    execve(path, argv, environ);
    snprintf(message, sizeof(message), "cannot execute the bundled program `%s`", program);
    os_die_of_error(message);
}

void
programs_serve(char **argv)
{
    const char *program = settings_get("program");
    const char *copies = settings_get("copy_arguments");

    copies_serve();
    if (copies == NULL || strcmp(copies, "0") != 0) {
        foreign_serve();
    }
    /* Who lacks the rights of this process may have made a link to the executable, and put a folder there. */
    if (settings_is("commands") && !privilege_is_raised()) {
        add_to_path();
    }
    if (argv != NULL && program != NULL) {
        become(program, argv);
    }
}
