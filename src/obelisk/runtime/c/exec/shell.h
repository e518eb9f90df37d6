/* Finding a program's path in the command text of a shell (`sh -c TEXT`). It is read as far as that
   needs: words, quotes, and what ends a simple command. All of it takes little stack. */

#ifndef OBELISK_SHELL_H
#define OBELISK_SHELL_H

#include <stddef.h>

/* Return the position of the command text among arguments that a shell is in, also behind other
   programs (`nice sh -ec TEXT`); 0 when there is none. */
size_t shell_text(char *const argv[]);

/* Return the first place where `word`, which may be quoted as a whole, begins a word of `text`; NULL
   when there is none. */
const char *shell_find(const char *text, const char *word);

/* Return the first place from `from` on where `word` is the beginning of a word of `text`. */
const char *shell_find_beginning(const char *text, const char *from, const char *word);

/* Return the bytes up to where a word ends. */
size_t shell_word_size(const char *at);

/* Split what follows in the same simple command into words, without quotes. They are written to
   `into`, which has room for the text and a zero byte, and at most `most` of them, and a NULL, to
   `words`. */
void shell_split(const char *text, char *into, char **words, size_t most);

#endif
