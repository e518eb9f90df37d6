/* What `[tool.obelisk.interpreter]` says: strings `name=value` in the payload's control record
   `settings`, each ended by a zero byte. Only what differs from the default is there. This file does
   not know Python. */

#ifndef OBELISK_SETTINGS_H
#define OBELISK_SETTINGS_H

#include <stdbool.h>

#include "payload/payload.h"

/* Read settings from that payload from now on. There are none when it has no record of them; the
   process ends when that is damaged. */
void settings_open(const struct payload *payload);

/* Return the first value of a name, or NULL. */
const char *settings_get(const char *name);

/* Say whether a setting that is true or false is true. */
bool settings_is(const char *name);

/* Walk through all settings: give NULL to get the first, an entry to get the one behind it. An entry
   is `name=value`. NULL is the end. */
const char *settings_next(const char *entry);

#endif
