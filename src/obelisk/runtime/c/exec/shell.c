/* Finding a program's path in the command text of a shell. See exec/shell.h. */

#include "exec/shell.h"

#include <stdbool.h>
#include <string.h>

static const char blanks[] = " \t";
static const char quotes[] = "'\"";
static const char ends[] = ";|&<>()`\n";

/* Say whether a word is the path of a shell, or of a program that gives a shell its `-c TEXT`. */
static bool
is_shell(const char *word)
{
    static const char *const others[] = {"su", "runuser", "script", "flock"};
    const char *slash = strrchr(word, '/');
    size_t size;

    word = slash ? slash + 1 : word;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(word, others[i]) == 0) {
            return true;
        }
    }
    size = strlen(word);
    return size >= 2 && strcmp(word + size - 2, "sh") == 0;
}

size_t
shell_text(char *const argv[])
{
    bool shell = false;
    bool command = false;

    for (size_t i = 0; argv[i] != NULL; i++) {
        if (!shell) {
            shell = is_shell(argv[i]);
        }
        else if (argv[i][0] == '-' && argv[i][1] != '-') {
            command = command || strchr(argv[i], 'c') != NULL;
        }
        else if (argv[i][0] != '-' && command) {
            return i;
        }
    }
    return 0;
}

static bool
is_among(char letter, const char *set)
{
    return letter != '\0' && strchr(set, letter) != NULL;
}

static bool
begins_word(const char *text, const char *at)
{
    return at == text || is_among(at[-1], blanks) || is_among(at[-1], quotes)
           || is_among(at[-1], ends);
}

static bool
ends_word(const char *at)
{
    return *at == '\0' || is_among(*at, blanks) || is_among(*at, quotes) || is_among(*at, ends);
}

/* Say whether a place is inside a quoted text, but not where a command begins in it: a line that is
   written to a file or searched for, more likely than one that is executed. */
static bool
is_quoted_text(const char *text, const char *at)
{
    const char *command = text;
    char quote = '\0';

    for (; text < at; text++) {
        if (*text == '\\' && quote != '\'') {
            text++;
        }
        else if (quote ? *text == quote : is_among(*text, quotes)) {
            quote = quote ? '\0' : *text;
            command = text + 1;
        }
        else if (is_among(*text, ends)) {
            command = text + 1;
        }
    }
    return quote != '\0' && command + strspn(command, " \t'\"") < at;
}

/* Not by strstr, which takes 2 KiB of stack. */
const char *
shell_find_beginning(const char *text, const char *from, const char *word)
{
    size_t size = strlen(word);
    const char *at = strchr(from, word[0]);

    while (at != NULL
           && !(strncmp(at, word, size) == 0 && begins_word(text, at) && !is_quoted_text(text, at))) {
        at = strchr(at + 1, word[0]);
    }
    return at;
}

const char *
shell_find(const char *text, const char *word)
{
    const char *at = shell_find_beginning(text, text, word);

    while (at != NULL && !ends_word(at + strlen(word))) {
        at = shell_find_beginning(text, at + 1, word);
    }
    return at;
}

size_t
shell_word_size(const char *at)
{
    const char *end = at;

    while (!ends_word(end)) {
        end++;
    }
    return (size_t)(end - at);
}

/* Copy one word, without its quotes; return where it ends in the text. */
static const char *
copy_word(const char *text, char **into)
{
    char quote = '\0';

    for (; *text != '\0'; text++) {
        if (quote ? *text == quote : is_among(*text, quotes)) {
            quote = quote ? '\0' : *text;
        }
        else if (!quote && (is_among(*text, blanks) || is_among(*text, ends))) {
            break;
        }
        else {
            text += !quote && text[0] == '\\' && text[1] != '\0';
            *(*into)++ = *text;
        }
    }
    *(*into)++ = '\0';
    return text;
}

void
shell_split(const char *text, char *into, char **words, size_t most)
{
    size_t count = 0;

    text += is_among(*text, quotes); /* that of the word before */
    while (count < most) {
        text += strspn(text, blanks);
        if (*text == '\0' || is_among(*text, ends)) {
            break;
        }
        words[count++] = into;
        text = copy_word(text, &into);
    }
    words[count] = NULL;
}
