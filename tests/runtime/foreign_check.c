/* Executes random things with foreign.c, whose memory ends exactly where a page is that nobody may touch.
   What stands for copies gives paths of every length; what stands for the execution reads all it gets. */

#include "exec/copies.h"
#include "exec/foreign.h"
#include "random.h"
#include "scratch_guarded.h"
#include "exec/self_exec.h"
#include "vfs/vfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 8
#define WORD_SIZE 4096
#define ROOT "/opt/app"

static long copied;
static size_t read_bytes;
static size_t expected_words;

bool
vfs_begins(const char *name)
{
    return strncmp(name, ROOT, strlen(ROOT)) == 0 && name[strlen(ROOT)] == '/';
}

const char *
vfs_root(void)
{
    return ROOT;
}

void
copies_take_back(void)
{
}

char *
copies_make(const char *path, char *into)
{
    size_t size = below(10) ? below(40) : PATH_MAX - 1;

    if (!vfs_begins(path)) {
        abort();
    }
    if (below(4) == 0) {
        return NULL;
    }
    memset(into, 'c', size);
    into[size] = '\0';
    copied++;
    return into;
}

bool
self_exec_is_own(const struct execution *execution)
{
    return strcmp(execution->path, ROOT) == 0;
}

int
self_exec_execute(const struct execution *execution)
{
    size_t words = 0;

    for (size_t i = 0; execution->argv[i] != NULL; i++, words++) {
        read_bytes += strlen(execution->argv[i]);
    }
    for (size_t i = 0; execution->envp != NULL && execution->envp[i] != NULL; i++, words++) {
        read_bytes += strlen(execution->envp[i]);
    }
    if (words != expected_words) {
        abort();
    }
    return -1;
}

/* Write a word of a few pieces, now and then of many. */
static void
write_word(char *into)
{
    static const char *const pieces[] = {
        ROOT, ROOT "/x", "--a=" ROOT "/y", "A=", "=", " ", ROOT "/a b", "'" ROOT "/q'", ";", "&&",
        "sh", "/bin/bash", "nice", "\\", "\"", "\n", "-ec", "-c", "/", "PATH=" ROOT "/bin", "`", "$(",
    };
    size_t most = below(20) > 0 ? 4 : 300;
    char *end = into;

    *end = '\0';
    for (size_t count = below(most); count > 0 && end - into < WORD_SIZE - 100; count--) {
        end = stpcpy(end, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
    }
}

int
main(int argc, char **argv)
{
    static char texts[2 * WORDS][WORD_SIZE];
    long concerned = 0;

    foreign_serve();
    for (long calls = argc > 1 ? atol(argv[1]) : 0; calls > 0; calls--) {
        char *words[WORDS + 1] = {NULL};
        char *variables[WORDS + 1] = {NULL};
        struct execution execution = {"/", AT_FDCWD, false, words, variables};
        size_t count = below(WORDS);
        size_t more = below(WORDS);

        for (size_t i = 0; i < count; i++) {
            words[i] = texts[i];
            write_word(words[i]);
        }
        for (size_t i = 0; i < more; i++) {
            variables[i] = texts[WORDS + i];
            write_word(variables[i]);
        }
        if (below(10) == 0) {
            execution.envp = NULL;
            more = 0;
        }
        expected_words = count + more;
        if (foreign_is_concerned(&execution)) {
            foreign_execute(&execution);
            concerned++;
        }
    }
    printf("%ld %ld %zu\n", concerned, copied, read_bytes);
    return argv[0] == NULL;
}
