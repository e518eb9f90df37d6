/* What the runtime asks of the operating system, and how it ends when it must. */

#ifndef OBELISK_OS_H
#define OBELISK_OS_H

#include <stddef.h>
#include <stdint.h>

enum os_exit {
    OS_EXIT_NESTED = 69,  /* the application started itself too often, one inside the other */
    OS_EXIT_FAILED = 70,  /* the interpreter could not start, for lack of memory or the like */
    OS_EXIT_DAMAGED = 74, /* the executable is damaged */
    OS_EXIT_REFUSED = 77, /* it was to be Python without permission */
};

struct os_span {
    const void *base;
    uint64_t size;   /* bytes */
    uint64_t offset; /* in the file */
};

/* What `link` adds to the runtime, each in a segment that it marks. */
enum os_part {
    OS_PAYLOAD,
    OS_OBJECTS, /* the table of linked shared objects */
    OS_DIGEST,  /* of the whole file */
};

/* The executable's first byte in memory, which is its ELF header. An array without a size, for all of
   the executable is counted from here. */
extern char os_image[] __asm__("__ehdr_start") __attribute__((visibility("hidden")));

/* Take the right to write what is relocated (PT_GNU_RELRO), which was needed only to start. */
void os_protect(void);

/* Return the mapped segment that holds a part; `base` is NULL when there is none. */
struct os_span os_segment(enum os_part part);

/* Return the path that was executed, as it was given to the kernel. */
const char *os_asked_path(void);

/* Return the absolute path of this executable, as found when it started. */
const char *os_executable(void);

#ifdef OBELISK_SNAPSHOT
/* Find the path anew when it is asked for: the process goes on from another one's memory. */
void os_forget_executable(void);
#endif

/* Return how many processors this process may use at once: those it may run on, or what the quota of
   its control group comes to if that is less. */
int os_granted_processors(void);

/* Print `executable: message` and exit with `status`, at once: from any thread or child. */
_Noreturn void os_die(int status, const char *message);

/* Exit because of what a system call could not do: the message ends with what errno says. */
_Noreturn void os_die_of_error(const char *message);

#endif
