/* A file for the code of callbacks (libffi's static trampolines), also where no folder takes one. What libffi
   has of memory when a snapshot is made is not to be run: a process that goes on needs the file. */

#include <sys/mman.h>

int __real_open_temp_exec_file(void);
int __wrap_open_temp_exec_file(void);

int
__wrap_open_temp_exec_file(void)
{
    int file = __real_open_temp_exec_file();

    return file >= 0 ? file : memfd_create("callbacks", MFD_CLOEXEC);
}
