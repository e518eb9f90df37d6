/* Where things are below the executable: as below the prefix of an installed Python. `Layout` in model.py
   has the same. */

#ifndef OBELISK_LAYOUT_H
#define OBELISK_LAYOUT_H

#include <patchlevel.h>

/* What stands between the parts of a path as the system shows it, and between paths in a variable. */
#ifdef _WIN32
#define LAYOUT_SLASH "\\"
#define LAYOUT_PATHS L";"
#else
#define LAYOUT_SLASH "/"
#define LAYOUT_PATHS L":"
#endif

#define LAYOUT_TEXT(number) #number
#define LAYOUT_STDLIB_OF(major, minor)                                                             \
    "lib" LAYOUT_SLASH "python" LAYOUT_TEXT(major) "." LAYOUT_TEXT(minor)

/* The standard library. */
#define LAYOUT_STDLIB LAYOUT_STDLIB_OF(PY_MAJOR_VERSION, PY_MINOR_VERSION)

/* What packages install. */
#define LAYOUT_SITE LAYOUT_STDLIB LAYOUT_SLASH "site-packages"

/* Let a path of the payload, which has slashes, be as the system shows it. */
static inline void
layout_show(char *path)
{
    for (; LAYOUT_SLASH[0] != '/' && *path != '\0'; path++) {
        *path = *path == '/' ? LAYOUT_SLASH[0] : *path;
    }
}

#endif
