/* Executing programs that do not see the executable's own file system. See exec/foreign.h.

   In a word it is the whole of it, or the whole behind the first `=`, that is taken for a path: in
   `/usr/bin/python3 PATH`, `--config=PATH`, `SSL_CERT_FILE=PATH`. In the command text of a shell it is
   each path that begins a word. */

#include "exec/foreign.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "exec/copies.h"
#include "exec/process.h"
#include "exec/scratch.h"
#include "exec/self_exec.h"
#include "exec/shell.h"
#include "vfs/vfs.h"
#ifdef OBELISK_SNAPSHOT
#include "os/os.h"
#endif


void
foreign_serve(void)
{
    process.gives_copies = true;
}

/* Return the path below the executable that a word is, or ends in; NULL when there is none. */
static const char *
path_in_word(const char *word)
{
    const char *equals;

    if (word[0] == '/') {
        return vfs_begins(word) ? word : NULL;
    }
    if (word[0] == '-' && word[1] != '\0' && vfs_begins(word + 2)) {
        return word + 2; /* -IPATH */
    }
    equals = strchr(word, '=');
    return equals != NULL && vfs_begins(equals + 1) ? equals + 1 : NULL;
}

/* What shells and our own start set, and others only search. */
static bool
is_variable_for_searching(const char *entry)
{
    return strncmp(entry, "PATH=", 5) == 0 || strncmp(entry, "_=", 2) == 0;
}

static const char *
path_in_variable(const char *entry)
{
    return is_variable_for_searching(entry) ? NULL : path_in_word(entry);
}

#ifdef OBELISK_SNAPSHOT

/* Modules have another path than the executable: both may be in a command. */
static const char *
find_own(const char *text, const char *from)
{
    const char *root = shell_find_beginning(text, from, vfs_root());
    const char *file = shell_find_beginning(text, from, os_executable());

    return root == NULL || (file != NULL && file < root) ? file : root;
}

static size_t
own_size(const char *at)
{
    size_t size = strlen(os_executable());

    return strncmp(at, os_executable(), size) == 0 ? size : strlen(vfs_root());
}

static size_t
shortest_size(void)
{
    size_t size = strlen(os_executable());

    return size < strlen(vfs_root()) ? size : strlen(vfs_root());
}

#else

#define find_own(text, from) shell_find_beginning(text, from, vfs_root())
#define own_size(at) strlen(vfs_root())
#define shortest_size() strlen(vfs_root())

#endif

/* Return the first path below the executable, from `from` on, that begins a word of a shell's command. */
static const char *
path_in_command(const char *text, const char *from)
{
    const char *at = find_own(text, from);

    while (at != NULL && !vfs_begins(at)) {
        at = find_own(text, at + 1);
    }
    return at;
}

bool
foreign_is_concerned(const struct execution *execution)
{
    char *const *argv = execution->argv;
    char *const *envp = execution->envp;
    size_t place;

    if (!process.gives_copies || argv == NULL || argv[0] == NULL) {
        return false;
    }
    for (size_t i = 1; argv[i] != NULL; i++) {
        if (path_in_word(argv[i]) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        if (path_in_variable(envp[i]) != NULL) {
            return true;
        }
    }
    place = shell_text(argv);
    return place > 0 && path_in_command(argv[place], argv[place]) != NULL;
}

/* Bytes that a text takes with copies in place of its paths, at most. */
static size_t
room_for(const char *text)
{
    size_t paths = strlen(text) / (shortest_size() + 1) + 1;

    return strlen(text) + paths * PATH_MAX + 1;
}

/* The memory that words with copies are written to. */
struct words {
    char **next;
    char *text;
};

/* Add a word with a copy in place of its path, or as it is. */
static void
add_word(struct words *words, char *word, const char *path)
{
    size_t before = path ? (size_t)(path - word) : 0;

    if (path != NULL && copies_make(path, words->text + before) != NULL) {
        memcpy(words->text, word, before);
        word = words->text;
        words->text += strlen(word) + 1;
    }
    *words->next++ = word;
}

/* A simple command in a shell's, and where this executable's own path is in it. */
struct simple_command {
    const char *start;
    const char *own;
};

/* Return where this executable's own path is in the simple command that begins at `start`, or NULL. */
static const char *
own_path_in(const char *start)
{
    const char *end = start + strcspn(start, ";|&\n");
    const char *own = find_own(start, start);

    while (own != NULL && own < end && shell_word_size(own + own_size(own)) > 0) {
        own = find_own(start, own + 1);
    }
    return own != NULL && own < end ? own : NULL;
}

/* Say whether a place in a shell's command is behind this executable's own path in a simple command: it
   sees what is inside. */
static bool
is_own_argument(struct simple_command *simple, const char *command, const char *at)
{
    const char *start = at;

    while (start > command && start != simple->start && strchr(";|&\n", start[-1]) == NULL) {
        start--;
    }
    if (start != simple->start) {
        simple->start = start;
        simple->own = own_path_in(start);
    }
    return simple->own != NULL && simple->own < at;
}

/* Add the command of a shell with copies in place of its paths. */
static void
add_command(struct words *words, char *command)
{
    char path[PATH_MAX];
    struct simple_command simple = {NULL, NULL};
    const char *rest = command;
    char *end = words->text;

    for (const char *at = path_in_command(command, rest); at != NULL;
         at = path_in_command(command, rest)) {
        size_t size = shell_word_size(at);
        end = mempcpy(end, rest, (size_t)(at - rest));
        rest = at + size;
        if (size >= sizeof(path) || is_own_argument(&simple, command, at)) {
            end = mempcpy(end, at, size);
            continue;
        }
        memcpy(path, at, size);
        path[size] = '\0';
        if (copies_make(path, end) == NULL) {
            memcpy(end, path, size + 1);
        }
        end += strlen(end);
    }
    end = stpcpy(end, rest);
    *words->next++ = words->text;
    words->text = end + 1;
}

static size_t
room_for_all(const struct execution *execution, size_t command)
{
    size_t room = 2 * sizeof(char *);

    for (size_t i = 0; execution->argv[i] != NULL; i++) {
        const char *word = execution->argv[i];
        room += sizeof(char *) + (i == command || path_in_word(word) ? room_for(word) : 0);
    }
    for (char *const *entry = execution->envp; entry != NULL && *entry != NULL; entry++) {
        room += sizeof(char *) + (path_in_variable(*entry) ? room_for(*entry) : 0);
    }
    return room;
}

int
foreign_execute(const struct execution *execution)
{
    struct execution changed = *execution;
    size_t arguments = execution_count(execution->argv);
    size_t variables = execution_count(execution->envp);
    size_t command = shell_text(execution->argv);
    struct stat program;
    struct words words;
    bool own = false;

    /* A program that is looked for in all of PATH needs copies where it is. */
    if (execution->path[0] != '\0'
        && fstatat(execution->file, execution->path, &program, 0) != 0) {
        return self_exec_execute(execution);
    }
    words.next = scratch_reserve(SCRATCH_WORDS, room_for_all(execution, command));
    if (words.next == NULL) {
        return -1;
    }
    words.text = (char *)(words.next + arguments + variables + 2);
    changed.argv = words.next;
    for (size_t i = 0; i < arguments; i++) {
        char *word = execution->argv[i];
        const struct execution nested = {word, AT_FDCWD, false, NULL, NULL};
        /* Behind this executable's own path are its own arguments: `nice EXECUTABLE ...`. */
        own = own || (i > 0 && strchr(word, '/') != NULL && self_exec_is_own(&nested));
        if (command > 0 && i == command) {
            add_command(&words, word);
        }
        else {
            add_word(&words, word, i > 0 && !own ? path_in_word(word) : NULL);
        }
    }
    *words.next++ = NULL;
    if (execution->envp != NULL) {
        changed.envp = words.next;
    }
    for (size_t i = 0; i < variables; i++) {
        add_word(&words, execution->envp[i], path_in_variable(execution->envp[i]));
    }
    *words.next++ = NULL;
    self_exec_execute(&changed);
    copies_take_back();
    return -1;
}
