/* A file for the code of callbacks (libffi's static trampolines), also where no folder takes one. What libffi
   has of memory when a snapshot is made is not to be run: a process that goes on needs the file. */

#include "snapshot/snapshot.h"

#include <stdio.h>
#include <sys/mman.h>

int __real_open_temp_exec_file(void);
int __wrap_open_temp_exec_file(void);

int
__wrap_open_temp_exec_file(void)
{
    char name[16];
    bool is_watched = snapshot_watch(false); /* variables that name folders decide nothing that is kept */
    int file = __real_open_temp_exec_file();

    snapshot_watch(is_watched);
    file = file >= 0 ? file : memfd_create("callbacks", MFD_CLOEXEC);
    if (file >= 0) { /* which module asks for the first callback differs between versions of Python */
        snprintf(name, sizeof(name), "%d", file);
        snapshot_note("callbacks", name, NULL);
    }
    return file;
}
