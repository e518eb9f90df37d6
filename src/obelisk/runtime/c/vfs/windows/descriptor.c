/* Descriptors of the C library that stand for files of the executable. See vfs/windows/own.h.

   mingw-w64 has the names of POSIX too, which are symbols of their own. */

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>

#include "vfs/windows/own.h"

int __real__read(int, void *, unsigned);
int __wrap__read(int, void *, unsigned);
int __real_read(int, void *, unsigned);
int __wrap_read(int, void *, unsigned);
int64_t __real__lseeki64(int, int64_t, int);
int64_t __wrap__lseeki64(int, int64_t, int);
int64_t __real_lseek64(int, int64_t, int);
int64_t __wrap_lseek64(int, int64_t, int);
long __real__lseek(int, long, int);
long __wrap__lseek(int, long, int);
long __real_lseek(int, long, int);
long __wrap_lseek(int, long, int);
int64_t __real__filelengthi64(int);
int64_t __wrap__filelengthi64(int);
int __real__close(int);
int __wrap__close(int);
int __real_close(int);
int __wrap_close(int);
int __real__isatty(int);
int __wrap__isatty(int);
int __real_isatty(int);
int __wrap_isatty(int);
int __real__dup(int);
int __wrap__dup(int);
int __real_dup(int);
int __wrap_dup(int);
int __real__dup2(int, int);
int __wrap__dup2(int, int);
int __real_dup2(int, int);
int __wrap_dup2(int, int);

/* Say whether a descriptor stands for a file here, and by which handle. */
static bool
is_own(int file, HANDLE *handle)
{
    const struct payload_record *record;
    int before = errno;

    if (file < 0) {
        return false;
    }
    *handle = (HANDLE)_get_osfhandle(file);
    errno = before;
    return own_is_open(*handle, &record);
}

#define READ(call)                                                                                 \
    int __wrap_##call(int file, void *into, unsigned size)                                         \
    {                                                                                              \
        HANDLE handle;                                                                             \
                                                                                                   \
        return is_own(file, &handle) ? (int)own_read(handle, into, size)                           \
                                     : __real_##call(file, into, size);                            \
    }

READ(_read)
READ(read)

#define SEEK(call, type)                                                                           \
    type __wrap_##call(int file, type distance, int origin)                                        \
    {                                                                                              \
        HANDLE handle;                                                                             \
                                                                                                   \
        return is_own(file, &handle) ? (type)own_seek(handle, distance, origin)                    \
                                     : __real_##call(file, distance, origin);                      \
    }

SEEK(_lseeki64, int64_t)
SEEK(lseek64, int64_t)
SEEK(_lseek, long)
SEEK(lseek, long)

int64_t
__wrap__filelengthi64(int file)
{
    const struct payload_record *record;
    HANDLE handle;

    if (!is_own(file, &handle) || !own_is_open(handle, &record)) {
        return __real__filelengthi64(file);
    }
    return (int64_t)own_size(record);
}

/* The number is free for others as soon as the handle is closed, so it is forgotten first. */
#define CLOSE(call)                                                                                \
    int __wrap_##call(int file)                                                                    \
    {                                                                                              \
        HANDLE handle;                                                                             \
                                                                                                   \
        if (is_own(file, &handle)) {                                                               \
            own_forget(handle);                                                                    \
        }                                                                                          \
        return __real_##call(file);                                                                \
    }

CLOSE(_close)
CLOSE(close)

#define ISATTY(call)                                                                               \
    int __wrap_##call(int file)                                                                    \
    {                                                                                              \
        HANDLE handle;                                                                             \
                                                                                                   \
        return is_own(file, &handle) ? 0 : __real_##call(file);                                    \
    }

ISATTY(_isatty)
ISATTY(isatty)

/* Give a descriptor a temporary file, for a second one that is to share the place that it is read at. */
static bool
make_real(int file)
{
    HANDLE handle;
    HANDLE copy;
    int other;
    int done;

    if (!is_own(file, &handle)) {
        return true;
    }
    copy = own_copy_of(handle, NULL);
    if (copy == INVALID_HANDLE_VALUE) {
        return OWN_FAIL(GetLastError(), false);
    }
    other = _open_osfhandle((intptr_t)copy, _O_RDONLY | _O_NOINHERIT | _O_BINARY);
    if (other < 0) {
        CloseHandle(copy);
        errno = EMFILE;
        return false;
    }
    own_forget(handle);
    done = __real__dup2(other, file);
    __real__close(other);
    return done == 0;
}

#define DUP(call)                                                                                  \
    int __wrap_##call(int file)                                                                    \
    {                                                                                              \
        return make_real(file) ? __real_##call(file) : -1;                                         \
    }

DUP(_dup)
DUP(dup)

#define DUP2(call)                                                                                 \
    int __wrap_##call(int file, int other)                                                         \
    {                                                                                              \
        HANDLE handle;                                                                             \
                                                                                                   \
        if (!make_real(file)) {                                                                    \
            return -1;                                                                             \
        }                                                                                          \
        if (file != other && is_own(other, &handle)) {                                             \
            own_forget(handle);                                                                    \
        }                                                                                          \
        return __real_##call(file, other);                                                         \
    }

DUP2(_dup2)
DUP2(dup2)
