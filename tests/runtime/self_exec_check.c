/* Executes random things with self_exec.c, whose memory ends exactly where a page is that nobody may
   touch. What stands for libc's calls looks at all that it gets, and fails. */

#include "os/os.h"
#include "exec/permission.h"
#include "exec/privilege.h"
#include "scratch_guarded.h"
#include "exec/self_exec.h"
#include "vfs/vfs.h"

#include "exec/command_line.h"
#include "random.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 8
#define WORD_SIZE 4096

int __real_execve(const char *, char *const[], char *const[]);
int __real_fexecve(int, char *const[], char *const[]);

static const char *own;
static long marked;
static size_t read_bytes;

void
scratch_open(void)
{
}

bool
vfs_begins(const char *name)
{
    return strncmp(name, own, strlen(own)) == 0 && name[strlen(own)] == '/';
}

const char *
os_executable(void)
{
    return own;
}

_Noreturn void
os_die(int status, const char *message)
{
    (void)message;
    exit(status);
}

bool
privilege_is_raised(void)
{
    return false;
}

void
command_line_begin(const char *first)
{
    (void)first;
}

int
__real_execve(const char *path, char *const argv[], char *const envp[])
{
    struct permission permission;
    int variables = 0;

    read_bytes += strlen(path);
    for (size_t i = 0; argv[i] != NULL; i++) {
        read_bytes += strlen(argv[i]);
        marked += permission_read_mark(argv[i], &permission) != NULL;
    }
    for (size_t i = 0; envp[i] != NULL; i++) {
        read_bytes += strlen(envp[i]);
        variables += strncmp(envp[i], "OBELISK_", 8) == 0;
    }
    if (variables > 1) {
        abort();
    }
    return -1;
}

int
__real_fexecve(int file, char *const argv[], char *const envp[])
{
    (void)file;
    return __real_execve("file", argv, envp);
}

/* Write a word of a few pieces, now and then of many. */
static void
write_word(char *into)
{
    const char *const pieces[] = {
        own, " -c ", " x", "-c", "-m", "-u", "-W", "-", ";", "&&", "sh", "/bin/bash", "nice", "\\",
        "'", "\"", "\n", "x.py", "./h", " ", "-ec", "=", "$(", "`", "--multiprocessing-fork",
        "from multiprocessing.spawn import x",
    };
    size_t most = below(20) > 0 ? 3 : 200;
    char *end = into;

    *end = '\0';
    for (size_t count = below(most); count > 0 && end - into < WORD_SIZE - 200; count--) {
        end = stpcpy(end, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
    }
}

static void
execute_anything(int file)
{
    static char texts[2 * WORDS][WORD_SIZE];
    char *argv[WORDS + 1] = {NULL};
    char *envp[WORDS + 1] = {NULL};
    struct execution execution = {"/bin/sh", AT_FDCWD, false, argv, envp};

    for (size_t i = 0; i < below(WORDS); i++) {
        argv[i] = texts[i];
        write_word(argv[i]);
    }
    for (size_t i = 0; i < below(WORDS); i++) {
        envp[i] = texts[WORDS + i];
        strcpy(envp[i], below(3) ? "A=b" : "OBELISK_0000000000000007=1:a0");
    }
    execution.is_python = below(4) == 0;
    if (below(10) == 0) {
        execution.path = "";
        execution.file = file;
    }
    else if (below(2)) {
        execution.path = own;
    }
    self_exec_execute(&execution);
}

int
main(int argc, char **argv)
{
    long calls = argc > 1 ? atol(argv[1]) : 0;
    int file = open(argv[0], O_RDONLY);

    own = argv[0];
    for (int kind = 0; kind < 6; kind++) {
        self_exec_open(7, kind % 2 ? SELF_EXEC_HELPERS : SELF_EXEC_BY_FORM, argv);
        self_exec_serve((enum self_exec_role)(kind / 2), argv);
        for (long i = 0; i < calls; i++) {
            execute_anything(file);
        }
    }
    printf("%ld %zu\n", marked, read_bytes);
    return 0;
}
