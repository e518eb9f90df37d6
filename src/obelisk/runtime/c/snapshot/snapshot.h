/* A start from a snapshot: the memory of a process that had initialised Python and imported the
   application's modules when the executable was built, in place of doing so again.

   Before libc starts, `snapshot_start` decides whether the snapshot fits. If so, the executable is mapped
   once more, at the address that it had in that process, with the pages that had changed, and goes on
   there (`snapshot_resume`). If not, nothing has happened: the process starts as any other.

   The same file makes the snapshot when it is asked to. It runs at the address and on a stack that only
   depend on what it was built from, with memory, time and random numbers that do so too, and writes its
   memory to a file (snapshot/dump.c). */

#ifndef OBELISK_SNAPSHOT_H
#define OBELISK_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "payload/payload.h"

/* What the paths of modules begin with, wherever the executable lies: it is one in each process. */
#define SNAPSHOT_ROOT "/proc/self/exe"

/* Called by elf/x86_64/phdr_reserve.c with the stack as the kernel gave it. Returns to start cold. */
void snapshot_start(uintptr_t *stack);

bool snapshot_is_preparing(void);

/* The process's number then: more than the kernel gives. */
#define NUMBER_WHILE_PREPARING 0x3ffffffe

/* Say whether this process goes on from a snapshot. */
bool snapshot_is_restored(void);

/* Say whether this process only finds out which pages a start writes to. That depends on nothing of the
   machine: its path and arguments are constants. */
bool snapshot_is_measured(void);

/* Say whether such a process runs the application too, to its end. */
bool snapshot_is_trained(void);

/* Write what a process that is measured has written to, and end it; return in others. */
void snapshot_end_measurement(int status);

/* Import what is to be imported, and write the memory to a file. Python is initialised. */
_Noreturn void snapshot_prepare(void);

/* Be the application in a process that goes on from a snapshot; return its exit status. */
int snapshot_resume(int argc, char **argv);

/* Keep what the thread's variables are, which libc sets anew when it starts. */
void snapshot_keep_thread(void);
void snapshot_give_thread(void);

/* Open a file of the builder's without asking for memory, which would be more for a longer path; negative when
   that fails. */
int snapshot_open(const char *path, int flags);

/* Write this process's memory to a file; false with errno. */
bool snapshot_dump(const char *path);

/* Note that something was asked while the modules were imported; `name` and `value` may be NULL. */
void snapshot_note(const char *kind, const char *name, const char *value);

/* Let what modules see of the path below which they are be the same in each process that makes a snapshot:
   the number of the file that it leads to is not. */
void snapshot_hide_place(const char *path, struct stat *facts);

/* What was noted. The texts are each ended by a zero byte. */
struct snapshot_noted {
    const char *kind;
    char *name;
    char *value;
};

/* Return how many notes there are, and where. */
size_t snapshot_noted(const struct snapshot_noted **noted);

void snapshot_forget_noted(void);

/* Begin to note, or end; return whether notes were made before. */
bool snapshot_watch(bool is_begun);

/* Forget what libc's clocks know of the process before. */
void snapshot_renew_clock(void);

/* Where the process that prepares writes to; NULL in others. */
extern const char *snapshot_dump_path;
extern const char *snapshot_report_path;

/* What the process that was restored is. */
struct snapshot_process {
    int argc;
    char **argv;
    char **environment;
};

extern struct snapshot_process snapshot_process;

/* Make the module `_snapshot` known to Python; -1 without memory. */
int snapshot_add_module(void);

#endif
