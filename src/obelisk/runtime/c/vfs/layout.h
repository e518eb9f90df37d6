/* Where things are below the executable: as below the prefix of an installed Python. `Layout` in model.py
   has the same. */

#ifndef OBELISK_LAYOUT_H
#define OBELISK_LAYOUT_H

#include <patchlevel.h>

#define LAYOUT_TEXT(number) #number
#define LAYOUT_STDLIB_OF(major, minor) "lib/python" LAYOUT_TEXT(major) "." LAYOUT_TEXT(minor)

/* The standard library. */
#define LAYOUT_STDLIB LAYOUT_STDLIB_OF(PY_MAJOR_VERSION, PY_MINOR_VERSION)

/* What packages install. */
#define LAYOUT_SITE LAYOUT_STDLIB "/site-packages"

#endif
