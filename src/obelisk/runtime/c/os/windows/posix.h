/* What rooms that all systems share call, and mingw-w64 lacks. It is included before every file of a
   Windows runtime. */

#ifndef OBELISK_POSIX_H
#define OBELISK_POSIX_H

/* First: it would define PATH_MAX anew. */
#include <limits.h>

#include <stddef.h>

/* Bytes of a path in UTF-8. mingw-w64 has twice MAX_PATH here, which is no limit for programs whose manifest
   says that they take longer ones. */
#undef PATH_MAX
#define PATH_MAX 32768

/* Return the last byte in memory that is `byte`, or NULL: GNU's. */
void *memrchr(const void *memory, int byte, size_t size);

/* Send a process a signal. There is none here but SIGINT that a process sends to itself, after which it
   has ended by ctrl-C: its exit status says so (STATUS_CONTROL_C_EXIT). */
int kill(int process, int signal);

#endif
