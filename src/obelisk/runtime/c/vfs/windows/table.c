/* The open files and folders of the executable. See vfs/windows/own.h.

   A handle on the device NUL reserves a number that the system gives to nobody else while it is open.
   One lock guards all of them: under it nothing is done but to look and to copy. */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfs/windows/own.h"

#define BUCKETS 64

HANDLE WINAPI __real_CreateFileW(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
BOOL WINAPI __real_SetFilePointerEx(HANDLE, LARGE_INTEGER, PLARGE_INTEGER, DWORD);

struct open_file {
    struct open_file *next;
    HANDLE handle;
    const struct payload_record *record;
    struct own_content content; /* empty for what is only asked about */
    uint64_t place;             /* that it is read at */
};

static struct open_file *buckets[BUCKETS];
static _Atomic unsigned open_count; /* as long as it is 0, no handle needs to be looked up */
static SRWLOCK lock = SRWLOCK_INIT;

static struct open_file **
bucket(HANDLE handle)
{
    return &buckets[((uintptr_t)handle >> 2) % BUCKETS];
}

/* Call with the lock held. */
static struct open_file *
find(HANDLE handle)
{
    struct open_file *file = *bucket(handle);

    while (file != NULL && file->handle != handle) {
        file = file->next;
    }
    return file;
}

HANDLE
own_open(const struct payload_record *record, struct own_content *content,
         const SECURITY_ATTRIBUTES *security)
{
    struct open_file *file = calloc(1, sizeof(*file));
    SECURITY_ATTRIBUTES own = security ? *security : (SECURITY_ATTRIBUTES){sizeof(own), NULL, FALSE};

    if (file == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return INVALID_HANDLE_VALUE;
    }
    file->handle = __real_CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &own,
                                      OPEN_EXISTING, 0, NULL);
    if (file->handle == INVALID_HANDLE_VALUE) {
        free(file);
        return INVALID_HANDLE_VALUE;
    }
    file->record = record;
    if (content != NULL) {
        file->content = *content;
    }
    AcquireSRWLockExclusive(&lock);
    file->next = *bucket(file->handle);
    *bucket(file->handle) = file;
    ReleaseSRWLockExclusive(&lock);
    atomic_fetch_add(&open_count, 1);
    return file->handle;
}

bool
own_is_open(HANDLE handle, const struct payload_record **record)
{
    struct open_file *file;

    if (open_count == 0) {
        return false;
    }
    AcquireSRWLockShared(&lock);
    file = find(handle);
    if (file != NULL) {
        *record = file->record;
    }
    ReleaseSRWLockShared(&lock);
    return file != NULL;
}

void
own_forget(HANDLE handle)
{
    struct open_file **place;
    struct open_file *file = NULL;

    if (open_count == 0) {
        return;
    }
    AcquireSRWLockExclusive(&lock);
    for (place = bucket(handle); *place != NULL && (*place)->handle != handle;) {
        place = &(*place)->next;
    }
    file = *place;
    if (file != NULL) {
        *place = file->next;
    }
    ReleaseSRWLockExclusive(&lock);
    if (file != NULL) {
        atomic_fetch_sub(&open_count, 1);
        own_content_close(&file->content);
        free(file);
    }
}

size_t
own_read(HANDLE handle, void *into, size_t size)
{
    struct open_file *file;

    AcquireSRWLockExclusive(&lock);
    file = find(handle);
    if (file == NULL || file->place >= file->content.size) {
        size = 0;
    }
    else if (size > file->content.size - file->place) {
        size = (size_t)(file->content.size - file->place);
    }
    if (size > 0) {
        memcpy(into, file->content.bytes + file->place, size);
        file->place += size;
    }
    ReleaseSRWLockExclusive(&lock);
    return size;
}

int64_t
own_seek(HANDLE handle, int64_t distance, int origin)
{
    struct open_file *file;
    int64_t place = -1;

    AcquireSRWLockExclusive(&lock);
    file = find(handle);
    if (file != NULL && origin >= SEEK_SET && origin <= SEEK_END) {
        uint64_t from = origin == SEEK_SET   ? 0
                        : origin == SEEK_CUR ? file->place
                                             : file->content.size;
        if (!__builtin_add_overflow((int64_t)from, distance, &place) && place >= 0) {
            file->place = (uint64_t)place;
        }
        else {
            place = -1;
        }
    }
    ReleaseSRWLockExclusive(&lock);
    if (place < 0) {
        errno = EINVAL;
    }
    return place;
}

HANDLE
own_copy_of(HANDLE handle, const SECURITY_ATTRIBUTES *security)
{
    HANDLE copy = INVALID_HANDLE_VALUE;
    struct open_file *file;
    LARGE_INTEGER place;

    AcquireSRWLockShared(&lock);
    file = find(handle);
    if (file == NULL || own_is_folder(file->record)) {
        SetLastError(ERROR_ACCESS_DENIED);
    }
    else {
        place.QuadPart = (LONGLONG)file->place;
        copy = own_copy(&file->content, security);
    }
    ReleaseSRWLockShared(&lock);
    if (copy != INVALID_HANDLE_VALUE) {
        __real_SetFilePointerEx(copy, place, NULL, FILE_BEGIN);
    }
    return copy;
}
