/* The permission to be `python`: random bits, made anew for each process that is started, which it is given
   twice, in its environment and before its own name in its command line. Only a process that finds the
   same bits in both has it; who controls only one of them cannot give it.

       OBELISK_<number of the build>=<process>.<process>[:<role><bits>]       in the environment
       <bits>|C:\path\app.exe                                                as the first argument */

#ifndef OBELISK_TOKEN_H
#define OBELISK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* The bits as hexadecimal text. */
enum { TOKEN_SIZE = 32 };

struct token {
    char text[TOKEN_SIZE + 1];
};

/* Make a new one; false when the system refuses random bits. */
bool token_make(struct token *token);

/* Compare in constant time. */
bool token_equal(const struct token *one, const struct token *other);

/* Read one that stands at the beginning of `text`; return what follows it, or NULL when there is none. */
const char *token_read(const char *text, struct token *token);

#endif
