/* The permission to be `python`: 128 random bits, made anew for each execution, that are given to a
   process twice, in its environment and in the spelling of the path that it is executed by. Only a
   process that finds the same bits in both has it; who controls only one of them cannot give it.

   A path is spelled with them by `/` (0) and `./` (1) before it, after which it leads to the same
   file as before: to the programs that it passes through (nice, env, a shell) it is an ordinary
   path, and no argument is added or moved. This file does not know Python. */

#ifndef OBELISK_PERMISSION_H
#define OBELISK_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct permission {
    uint8_t bits[16];
};

enum {
    PERMISSION_MARK_MAX = 2 + 2 * 128, /* characters before a path */
    PERMISSION_TEXT = 2 * 16,          /* characters as text */
};

/* Make a new one; false with errno set when the system refuses random bits. */
bool permission_make(struct permission *permission);

bool permission_equal(const struct permission *one, const struct permission *other);

/* Write what belongs before `path` to `into`, without a zero byte; return the end of it. */
char *permission_write_mark(char *into, const struct permission *permission, const char *path);

/* Return the path behind a mark, and the permission that is in it; NULL when there is no mark. */
const char *permission_read_mark(const char *word, struct permission *permission);

/* Write as hexadecimal text, without a zero byte; return the end of it. */
char *permission_write_text(char *into, const struct permission *permission);

/* Read all of such a text; false when it is anything else. */
bool permission_read_text(const char *text, struct permission *permission);

#endif
