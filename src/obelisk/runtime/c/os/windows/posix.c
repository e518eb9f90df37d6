/* What mingw-w64 lacks. See os/windows/posix.h. */

#include <errno.h>
#include <signal.h>
#include <windows.h>

void *
memrchr(const void *memory, int byte, size_t size)
{
    const unsigned char *bytes = memory;

    while (size > 0) {
        if (bytes[--size] == (unsigned char)byte) {
            return (void *)(bytes + size);
        }
    }
    return NULL;
}

int
kill(int process, int number)
{
    if (number != SIGINT || (DWORD)process != GetCurrentProcessId()) {
        errno = ENOSYS;
        return -1;
    }
    ExitProcess((UINT)STATUS_CONTROL_C_EXIT);
}
