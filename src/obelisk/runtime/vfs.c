/* The executable's own file system. See vfs.h.

   Each call tests the path's beginning and passes on what is not below the executable. */

#include "vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"

/* The earliest time that zip archives can hold, 1980-01-01: the files have no time of their own. */
#define FILE_TIME 315532800

static const struct payload *mounted;
static const char *root;
static size_t root_size;

struct path {
    char text[PATH_MAX]; /* below the root, normalised, without a leading slash */
    size_t size;
};

/* One open folder. Its pointer is given out as a DIR; `folders` tells it from libc's own. */
struct folder {
    struct folder *next;
    const struct payload_record *at;
    const struct payload_record *end;
    const struct payload_record *begin;
    size_t skip; /* bytes of the key before an entry's own name */
    struct dirent entry;
};

static struct folder *folders;
static volatile int folders_lock;

int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
FILE *__real_fopen(const char *, const char *);
int __real_stat(const char *, struct stat *);
int __real_lstat(const char *, struct stat *);
int __real_fstatat(int, const char *, struct stat *, int);
int __real_access(const char *, int);
int __real_faccessat(int, const char *, int, int);
ssize_t __real_readlink(const char *, char *, size_t);
ssize_t __real_readlinkat(int, const char *, char *, size_t);
char *__real_realpath(const char *, char *);
ssize_t __real_listxattr(const char *, char *, size_t);
ssize_t __real_llistxattr(const char *, char *, size_t);
DIR *__real_opendir(const char *);
struct dirent *__real_readdir(DIR *);
int __real_closedir(DIR *);
void __real_rewinddir(DIR *);
int __real_dirfd(DIR *);

int __wrap_open(const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
FILE *__wrap_fopen(const char *, const char *);
int __wrap_stat(const char *, struct stat *);
int __wrap_lstat(const char *, struct stat *);
int __wrap_fstatat(int, const char *, struct stat *, int);
int __wrap_access(const char *, int);
int __wrap_faccessat(int, const char *, int, int);
ssize_t __wrap_readlink(const char *, char *, size_t);
ssize_t __wrap_readlinkat(int, const char *, char *, size_t);
char *__wrap_realpath(const char *, char *);
ssize_t __wrap_listxattr(const char *, char *, size_t);
ssize_t __wrap_llistxattr(const char *, char *, size_t);
DIR *__wrap_opendir(const char *);
struct dirent *__wrap_readdir(DIR *);
int __wrap_closedir(DIR *);
void __wrap_rewinddir(DIR *);
int __wrap_dirfd(DIR *);

void
vfs_mount(const struct payload *payload, const char *executable)
{
    mounted = payload;
    root = executable;
    root_size = strlen(executable);
}

/* Append one part of a path; `.` and empty parts add nothing, `..` takes one away. */
static bool
append(struct path *path, const char *part, size_t size)
{
    if (size == 0 || (size == 1 && part[0] == '.')) {
        return true;
    }
    if (size == 2 && part[0] == '.' && part[1] == '.') {
        if (path->size == 0) {
            return false; /* it leads out of the executable */
        }
        while (path->size > 0 && path->text[--path->size] != '/') {
        }
        return true;
    }
    if (path->size > 0) {
        path->text[path->size++] = '/';
    }
    memcpy(path->text + path->size, part, size);
    path->size += size;
    return true;
}

/* Say whether `name` is below the executable, and if so what it is called there. */
static bool
ours(const char *name, struct path *path)
{
    if (mounted == NULL || name == NULL || strncmp(name, root, root_size) != 0
        || name[root_size] != '/' || strlen(name) >= PATH_MAX) {
        return false;
    }
    path->size = 0;
    for (const char *part = name + root_size + 1; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (!append(path, part, size)) {
            return false;
        }
        part += size;
        part += *part == '/';
    }
    return true;
}

/* The key of a file: its folder, a zero byte, its own name. Replaces the last slash. */
static const struct payload_record *
find(const struct path *path)
{
    char key[PATH_MAX + 1];
    size_t cut = path->size;

    while (cut > 0 && path->text[cut - 1] != '/') {
        cut--;
    }
    if (cut == 0) {
        key[0] = '\0';
        memcpy(key + 1, path->text, path->size);
        return payload_find(mounted, &mounted->files, key, path->size + 1);
    }
    memcpy(key, path->text, path->size);
    key[cut - 1] = '\0';
    return payload_find(mounted, &mounted->files, key, path->size);
}

static bool
is_folder(const struct path *path, const struct payload_record *record)
{
    return path->size == 0 || (record != NULL && record->kind == PAYLOAD_FOLDER);
}

static int
fail(int error)
{
    errno = error;
    return -1;
}

static int
fill_stat(const struct path *path, struct stat *answer)
{
    const struct payload_record *record = find(path);
    bool folder = is_folder(path, record);

    if (record == NULL && !folder) {
        return fail(ENOENT);
    }
    memset(answer, 0, sizeof(*answer));
    answer->st_mode = folder ? S_IFDIR | 0755 : S_IFREG | 0644;
    answer->st_nlink = 1;
    answer->st_ino = record ? (ino_t)(record - mounted->files.records) + 2 : 1;
    answer->st_blksize = 4096;
    answer->st_mtim.tv_sec = FILE_TIME;
    answer->st_atim.tv_sec = FILE_TIME;
    answer->st_ctim.tv_sec = FILE_TIME;
    if (!folder) {
        answer->st_size = (off_t)record->size;
        answer->st_blocks = (blkcnt_t)((record->size + 511) / 512);
    }
    return 0;
}

static bool
write_all(int file, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (uint64_t)written;
    }
    return true;
}

static bool
copy_record(int file, const struct payload_record *record)
{
    void *expanded;
    bool done;

    if (!payload_intact(mounted, record)) {
        os_die(OS_EXIT_DAMAGED, "this executable is damaged: a file in it is not as it was built");
    }
    if (!record->compressed) {
        return write_all(file, payload_bytes(mounted, record), record->stored);
    }
    expanded = malloc(record->size + 1);
    if (expanded == NULL) {
        return false;
    }
    done = payload_expand(mounted, record, expanded) && write_all(file, expanded, record->size);
    free(expanded);
    return done;
}

static int
open_file(const struct path *path, int flags)
{
    const struct payload_record *record = find(path);
    int file;

    if (is_folder(path, record)) {
        /* A descriptor of a folder would need a kernel that knows it. */
        return fail((flags & O_ACCMODE) == O_RDONLY ? EACCES : EISDIR);
    }
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)) {
        return fail(EROFS);
    }
    if (record == NULL) {
        return fail(flags & O_CREAT ? EROFS : ENOENT);
    }
    if (flags & O_DIRECTORY) {
        return fail(ENOTDIR);
    }
    file = memfd_create(path->text, MFD_ALLOW_SEALING | (flags & O_CLOEXEC ? MFD_CLOEXEC : 0U));
    if (file < 0) {
        return -1;
    }
    if (!copy_record(file, record) || lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        return fail(ENOMEM);
    }
    fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    return file;
}

static void
terminate(struct path *path)
{
    path->text[path->size] = '\0';
}

int
__wrap_open(const char *name, int flags, ...)
{
    struct path path;
    va_list rest;
    mode_t mode;

    if (ours(name, &path)) {
        terminate(&path);
        return open_file(&path, flags);
    }
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return __real_open(name, flags, mode);
}

int
__wrap_openat(int folder, const char *name, int flags, ...)
{
    struct path path;
    va_list rest;
    mode_t mode;

    if (ours(name, &path)) {
        terminate(&path);
        return open_file(&path, flags);
    }
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return __real_openat(folder, name, flags, mode);
}

FILE *
__wrap_fopen(const char *name, const char *mode)
{
    struct path path;
    FILE *stream;
    int file;

    if (!ours(name, &path)) {
        return __real_fopen(name, mode);
    }
    terminate(&path);
    if (mode[0] != 'r' || strchr(mode, '+') != NULL) {
        errno = EROFS;
        return NULL;
    }
    file = open_file(&path, O_RDONLY | (strchr(mode, 'e') ? O_CLOEXEC : 0));
    if (file < 0) {
        return NULL;
    }
    stream = fdopen(file, mode);
    if (stream == NULL) {
        close(file);
    }
    return stream;
}

int
__wrap_stat(const char *name, struct stat *answer)
{
    struct path path;

    return ours(name, &path) ? fill_stat(&path, answer) : __real_stat(name, answer);
}

int
__wrap_lstat(const char *name, struct stat *answer)
{
    struct path path;

    return ours(name, &path) ? fill_stat(&path, answer) : __real_lstat(name, answer);
}

int
__wrap_fstatat(int folder, const char *name, struct stat *answer, int flags)
{
    struct path path;

    if (ours(name, &path)) {
        return fill_stat(&path, answer);
    }
    return __real_fstatat(folder, name, answer, flags);
}

static int
answer_access(const struct path *path, int mode)
{
    struct stat answer;

    if (fill_stat(path, &answer) != 0) {
        return -1;
    }
    if (mode & W_OK) {
        return fail(EROFS);
    }
    return (mode & X_OK) && !S_ISDIR(answer.st_mode) ? fail(EACCES) : 0;
}

int
__wrap_access(const char *name, int mode)
{
    struct path path;

    return ours(name, &path) ? answer_access(&path, mode) : __real_access(name, mode);
}

int
__wrap_faccessat(int folder, const char *name, int mode, int flags)
{
    struct path path;

    if (ours(name, &path)) {
        return answer_access(&path, mode);
    }
    return __real_faccessat(folder, name, mode, flags);
}

/* There are no links: what exists is not one. */
static int
answer_readlink(const struct path *path)
{
    struct stat answer;

    return fill_stat(path, &answer) == 0 ? fail(EINVAL) : -1;
}

ssize_t
__wrap_readlink(const char *name, char *link, size_t size)
{
    struct path path;

    return ours(name, &path) ? answer_readlink(&path) : __real_readlink(name, link, size);
}

ssize_t
__wrap_readlinkat(int folder, const char *name, char *link, size_t size)
{
    struct path path;

    if (ours(name, &path)) {
        return answer_readlink(&path);
    }
    return __real_readlinkat(folder, name, link, size);
}

char *
__wrap_realpath(const char *name, char *resolved)
{
    struct path path;
    struct stat answer;
    char full[PATH_MAX];

    if (!ours(name, &path)) {
        return __real_realpath(name, resolved);
    }
    terminate(&path);
    if (fill_stat(&path, &answer) != 0) {
        return NULL;
    }
    snprintf(full, sizeof(full), "%s/%s", root, path.text);
    return resolved ? strcpy(resolved, full) : strdup(full);
}

ssize_t
__wrap_listxattr(const char *name, char *list, size_t size)
{
    struct path path;

    return ours(name, &path) ? fail(ENOTSUP) : __real_listxattr(name, list, size);
}

ssize_t
__wrap_llistxattr(const char *name, char *list, size_t size)
{
    struct path path;

    return ours(name, &path) ? fail(ENOTSUP) : __real_llistxattr(name, list, size);
}

/* The children of a folder stand side by side: their keys begin with its path and a zero byte. */
static struct folder *
list_folder(struct path *path)
{
    const struct payload_index *files = &mounted->files;
    struct folder *folder = calloc(1, sizeof(*folder));

    if (folder == NULL) {
        return NULL;
    }
    path->text[path->size] = '\0';
    folder->skip = path->size + 1;
    folder->begin = files->records
                    + payload_lower_bound(mounted, files, path->text, path->size + 1);
    path->text[path->size] = '\1';
    folder->end = files->records
                  + payload_lower_bound(mounted, files, path->text, path->size + 1);
    folder->at = folder->begin;
    return folder;
}

static void
lock(void)
{
    while (__atomic_exchange_n(&folders_lock, 1, __ATOMIC_ACQUIRE)) {
    }
}

static void
unlock(void)
{
    __atomic_store_n(&folders_lock, 0, __ATOMIC_RELEASE);
}

/* Return the folder that a DIR stands for, or NULL when libc made it. */
static struct folder *
as_folder(const DIR *stream)
{
    struct folder *folder;

    if (__atomic_load_n(&folders, __ATOMIC_RELAXED) == NULL) {
        return NULL;
    }
    lock();
    for (folder = folders; folder && folder != (const void *)stream; folder = folder->next) {
    }
    unlock();
    return folder;
}

DIR *
__wrap_opendir(const char *name)
{
    struct path path;
    const struct payload_record *record;
    struct folder *folder;

    /* The executable itself can be listed too, though it is a file for all else. */
    if (mounted != NULL && strcmp(name, root) == 0) {
        path.size = 0;
    }
    else if (!ours(name, &path)) {
        return __real_opendir(name);
    }
    record = find(&path);
    if (!is_folder(&path, record)) {
        errno = record ? ENOTDIR : ENOENT;
        return NULL;
    }
    folder = list_folder(&path);
    if (folder != NULL) {
        lock();
        folder->next = folders;
        folders = folder;
        unlock();
    }
    return (DIR *)folder;
}

struct dirent *
__wrap_readdir(DIR *stream)
{
    struct folder *folder = as_folder(stream);
    const struct payload_record *record;
    size_t size;

    if (folder == NULL) {
        return __real_readdir(stream);
    }
    if (folder->at >= folder->end) {
        return NULL;
    }
    record = folder->at++;
    size = record->name_size - folder->skip;
    if (size >= sizeof(folder->entry.d_name)) {
        size = sizeof(folder->entry.d_name) - 1;
    }
    memcpy(folder->entry.d_name, payload_name(mounted, record) + folder->skip, size);
    folder->entry.d_name[size] = '\0';
    folder->entry.d_type = record->kind == PAYLOAD_FOLDER ? DT_DIR : DT_REG;
    folder->entry.d_ino = (ino_t)(record - mounted->files.records) + 2;
    folder->entry.d_reclen = sizeof(folder->entry);
    return &folder->entry;
}

int
__wrap_closedir(DIR *stream)
{
    struct folder *folder = as_folder(stream);

    if (folder == NULL) {
        return __real_closedir(stream);
    }
    lock();
    for (struct folder **link = &folders; *link; link = &(*link)->next) {
        if (*link == folder) {
            *link = folder->next;
            break;
        }
    }
    unlock();
    free(folder);
    return 0;
}

void
__wrap_rewinddir(DIR *stream)
{
    struct folder *folder = as_folder(stream);

    if (folder == NULL) {
        __real_rewinddir(stream);
        return;
    }
    folder->at = folder->begin;
}

int
__wrap_dirfd(DIR *stream)
{
    return as_folder(stream) == NULL ? __real_dirfd(stream) : fail(ENOTSUP);
}
