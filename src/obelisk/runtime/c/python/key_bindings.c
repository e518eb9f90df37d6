/* Lines of ~/.inputrc for libedit: programs give `tab: complete` to readline.parse_and_bind, whatever
   library that is, and libedit wants `bind ^I rl_complete`.

   Understood is what the readline manual calls key bindings, `keyname: function` and
   `"keyseq": function` or `"macro"`, and of the variables `editing-mode`. Everything else goes on to
   libedit as it is: its own commands have effect, and what it does not know has none. */

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SEQUENCE_MAX 64 /* bytes that a key sends, or a macro types */

int __real_rl_parse_and_bind(const char *line);
int __wrap_rl_parse_and_bind(const char *line);

struct pair {
    const char *name;
    const char *value;
};

/* Functions of readline, and commands of libedit that do the same or what comes closest. */
static const struct pair functions[] = {
    {"accept-line", "ed-newline"},
    {"backward-char", "ed-prev-char"},
    {"backward-delete-char", "ed-delete-prev-char"},
    {"backward-kill-line", "vi-kill-line-prev"},
    {"backward-kill-word", "ed-delete-prev-word"},
    {"backward-word", "ed-prev-word"},
    {"beginning-of-line", "ed-move-to-beg"},
    {"capitalize-word", "em-capitol-case"},
    {"clear-screen", "ed-clear-screen"},
    {"complete", "rl_complete"},
    {"delete-char", "ed-delete-next-char"},
    {"downcase-word", "em-lower-case"},
    {"end-of-line", "ed-move-to-end"},
    {"exchange-point-and-mark", "em-exchange-mark"},
    {"forward-char", "ed-next-char"},
    {"forward-search-history", "em-inc-search-next"},
    {"forward-word", "em-next-word"},
    {"history-search-backward", "ed-search-prev-history"},
    {"history-search-forward", "ed-search-next-history"},
    {"kill-line", "ed-kill-line"},
    {"kill-region", "em-kill-region"},
    {"kill-whole-line", "em-kill-line"},
    {"kill-word", "em-delete-next-word"},
    {"menu-complete", "rl_complete"},
    {"next-history", "ed-next-history"},
    {"possible-completions", "rl_complete"},
    {"previous-history", "ed-prev-history"},
    {"quoted-insert", "ed-quoted-insert"},
    {"redraw-current-line", "ed-redisplay"},
    {"reverse-search-history", "em-inc-search-prev"},
    {"self-insert", "ed-insert"},
    {"set-mark", "em-set-mark"},
    {"tab-insert", "ed-insert"},
    {"transpose-chars", "ed-transpose-chars"},
    {"undo", "vi-undo"},
    {"unix-line-discard", "vi-kill-line-prev"},
    {"unix-word-rubout", "ed-delete-prev-word"},
    {"upcase-word", "em-upper-case"},
    {"yank", "em-yank"},
    {NULL, NULL},
};

/* Names of keys, and escapes in sequences: what they send. */
static const struct pair keys[] = {
    {"BACKSPACE", "\177"}, {"DEL", "\177"},  {"ESC", "\033"},     {"ESCAPE", "\033"},
    {"LFD", "\n"},         {"LINEFEED", "\n"}, {"NEWLINE", "\n"}, {"RET", "\r"},
    {"RETURN", "\r"},      {"RUBOUT", "\177"}, {"SPACE", " "},    {"SPC", " "},
    {"TAB", "\t"},         {NULL, NULL},
};
static const struct pair escapes[] = {
    {"a", "\a"}, {"b", "\b"}, {"d", "\177"}, {"e", "\033"}, {"f", "\f"},
    {"n", "\n"}, {"r", "\r"}, {"t", "\t"},   {"v", "\v"},   {NULL, NULL},
};

static const char *
find(const struct pair *pair, const char *name, size_t size)
{
    for (; pair->name != NULL; pair++) {
        if (strlen(pair->name) == size && strncasecmp(pair->name, name, size) == 0) {
            return pair->value;
        }
    }
    return NULL;
}

/* The bytes of a key or of a macro. */
struct sequence {
    char bytes[SEQUENCE_MAX];
    size_t size;
    bool fits;
};

static void
append(struct sequence *sequence, char byte)
{
    sequence->fits = sequence->fits && sequence->size < SEQUENCE_MAX;
    if (sequence->fits) {
        sequence->bytes[sequence->size++] = byte;
    }
}

static char
controlled(char byte)
{
    return byte == '?' ? '\177' : (char)(toupper((unsigned char)byte) & 0x1f);
}

/* Take a prefix, as of `Control-x` or `\C-x`, that stands at `*at`. */
static bool
take(const char **at, const char *prefix)
{
    size_t size = strlen(prefix);

    if (strncasecmp(*at, prefix, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

/* Read a backslash and what belongs to it. */
static const char *
read_escape(const char *at, struct sequence *sequence)
{
    const char *known;

    at++;
    if (take(&at, "M-")) {
        append(sequence, '\033');
        return at;
    }
    if (take(&at, "C-")) {
        if (*at != '\0') {
            append(sequence, controlled(*at++));
        }
        return at;
    }
    if (*at >= '0' && *at <= '7') {
        unsigned value = 0;
        for (int digits = 0; digits < 3 && *at >= '0' && *at <= '7'; digits++) {
            value = value * 8 + (unsigned)(*at++ - '0');
        }
        append(sequence, (char)value);
        return at;
    }
    if (*at == '\0') {
        return at;
    }
    known = find(escapes, at, 1);
    append(sequence, known ? *known : *at);
    return at + 1;
}

/* Read a text in quotes; return what follows, or NULL when it has no end. */
static const char *
read_quoted(const char *at, struct sequence *sequence)
{
    char quote = *at++;

    while (*at != quote) {
        if (*at == '\0') {
            return NULL;
        }
        if (*at == '\\') {
            at = read_escape(at, sequence);
        }
        else {
            append(sequence, *at++);
        }
    }
    return at + 1;
}

/* Read `Control-Meta-x` or `tab`; return what follows, or NULL when no key is named so. */
static const char *
read_name(const char *at, struct sequence *sequence)
{
    const char *end = at + strcspn(at, ": \t");
    bool control = false;
    bool meta = false;
    const char *known;

    for (bool found = true; found;) {
        bool is_control = take(&at, "control-") || take(&at, "c-");
        bool is_meta = take(&at, "meta-") || take(&at, "m-");
        control = control || is_control;
        meta = meta || is_meta;
        found = is_control || is_meta;
    }
    if (at >= end) {
        return NULL;
    }
    known = find(keys, at, (size_t)(end - at));
    if (known == NULL && end - at != 1) {
        return NULL;
    }
    if (meta) {
        append(sequence, '\033');
    }
    append(sequence, control ? controlled(known ? *known : *at) : known ? *known : *at);
    return end;
}

/* Write bytes so that neither libedit's tokenizer nor its parser changes them. */
static void
write_sequence(char *into, const struct sequence *sequence)
{
    for (size_t i = 0; i < sequence->size; i++) {
        into += snprintf(into, 5, "\\%03o", (unsigned char)sequence->bytes[i]);
    }
    *into = '\0';
}

static const char *
skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

static bool
is_last(const char *at)
{
    at = skip_space(at);
    return *at == '\0' || *at == '#';
}

/* Write libedit's command for a binding; return false when the line is none. */
static bool
write_binding(const char *line, char *command, size_t size)
{
    struct sequence key = {.fits = true};
    struct sequence macro = {.fits = true};
    char written[2][4 * SEQUENCE_MAX + 1] = {"", ""};
    const char *at = *line == '"' ? read_quoted(line, &key) : read_name(line, &key);
    const char *function = NULL;

    at = at ? skip_space(at) : NULL;
    if (at == NULL || *at != ':' || key.size == 0) {
        return false;
    }
    at = skip_space(at + 1);
    if (*at == '"' || *at == '\'') {
        at = read_quoted(at, &macro);
    }
    else {
        size_t length = strcspn(at, " \t");
        function = find(functions, at, length);
        at = function ? at + length : NULL;
    }
    if (at == NULL || !is_last(at) || !key.fits || !macro.fits) {
        return false;
    }
    write_sequence(written[0], &key);
    write_sequence(written[1], &macro);
    snprintf(command, size, function ? "bind '%s' %s" : "bind -s '%s' '%s'", written[0],
             function ? function : written[1]);
    return true;
}

/* The same for `set editing-mode vi`. */
static bool
write_mode(const char *line, char *command, size_t size)
{
    static const struct pair modes[] = {{"vi", "-v"}, {"emacs", "-e"}, {NULL, NULL}};
    const char *at = line;
    const char *mode;
    size_t length;

    if (!take(&at, "set") || !take(&at, *at == '\t' ? "\t" : " ")) {
        return false;
    }
    at = skip_space(at);
    if (!take(&at, "editing-mode")) {
        return false;
    }
    at = skip_space(at);
    length = strcspn(at, " \t");
    mode = find(modes, at, length);
    if (mode == NULL || !is_last(at + length)) {
        return false;
    }
    snprintf(command, size, "bind %s", mode);
    return true;
}

int
__wrap_rl_parse_and_bind(const char *line)
{
    char command[8 * SEQUENCE_MAX + 64];
    const char *start = skip_space(line);

    if (write_binding(start, command, sizeof(command))
        || write_mode(start, command, sizeof(command))) {
        return __real_rl_parse_and_bind(command);
    }
    return __real_rl_parse_and_bind(line);
}
