/* What the two halves of the dlopen family share. */

#ifndef OBELISK_LIBDL_H
#define OBELISK_LIBDL_H

#include <stdint.h>

/* Return an object's path: the whole one if it was opened, else that below the executable. */
const char *libdl_name(uint32_t number);

#endif
