/* Temporary copies of files of the executable's own file system. See exec/copies.h.

   A copy gets its name when it is whole.

   With rights that the caller lacks there is none on disk: with those of a group the caller would own it,
   and could change what a program reads or executes with these rights. */

#include "exec/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/copies_folder.h"
#include "exec/privilege.h"
#include "payload/record_content.h"
#include "vfs/vfs.h"

/* The most that is copied. */
struct limit {
    size_t files;
    uint64_t bytes;
};

static const struct limit beside_a_file = {1000, 16U << 20};
static const struct limit of_a_folder = {4000, 64U << 20};

/* How many files in memory are given to one program at most. */
#define MEMORY_MAX 64

/* Files in memory that were made for the program that this thread is about to execute. */
static _Thread_local int in_memory[MEMORY_MAX];
static _Thread_local size_t in_memory_count;

/* Close a file; errno stays what it was. */
static void
close_failed(int file)
{
    int error = errno;

    close(file);
    errno = error;
}

/* What is copied, and to where. `place` ends in the path below the executable. */
struct copy {
    struct vfs_path path;
    char place[PATH_MAX];
    size_t folder_size; /* bytes of `place` that name the folder of all copies */
    const struct limit *limit;
    struct limit found; /* so far */
};

/* Name the copy of what `path` is now; false when that would be too long. */
static bool
set_place(struct copy *copy)
{
    if (copy->folder_size + copy->path.size + sizeof("/") >= sizeof(copy->place)) {
        return false;
    }
    copy->place[copy->folder_size] = copy->path.size > 0 ? '/' : '\0';
    memcpy(copy->place + copy->folder_size + 1, copy->path.text, copy->path.size + 1);
    return true;
}

/* Only who made the folder may have put something into it. */
static bool
make_own_folder(const char *folder)
{
    struct stat found;

    return mkdir(folder, 0700) == 0
           || (errno == EEXIST && lstat(folder, &found) == 0 && S_ISDIR(found.st_mode)
               && found.st_uid == geteuid() && (found.st_mode & 0777) == 0700);
}

/* Make the folders above what `place` names. */
static bool
make_folders(struct copy *copy)
{
    char *from = copy->place + copy->folder_size;

    *from = '\0';
    if (!make_own_folder(copy->place)) {
        return false;
    }
    for (char *slash = from; slash != NULL; slash = strchr(slash + 1, '/')) {
        if (slash != from) {
            *slash = '\0';
            if (mkdir(copy->place, 0755) != 0 && errno != EEXIST) {
                return false;
            }
        }
        *slash = '/';
    }
    return true;
}

static bool
copy_file(struct copy *copy, const struct payload_record *record)
{
    char draft[PATH_MAX];
    int file;

    if (!set_place(copy) || !make_folders(copy)) {
        return false;
    }
    if (access(copy->place, F_OK) == 0) {
        return true;
    }
    /* Not beside it, where a program that another thread has started would list it. */
    snprintf(draft, sizeof(draft), "%.*s/.obelisk.%u", (int)copy->folder_size, copy->place,
             (unsigned)gettid());
    file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    if (!record_write(file, record)) {
        close_failed(file);
        unlink(draft);
        return false;
    }
    if (close(file) != 0 || rename(draft, copy->place) != 0) {
        unlink(draft);
        return false;
    }
    return true;
}

static bool
make_folder(struct copy *copy)
{
    return set_place(copy) && make_folders(copy)
           && (mkdir(copy->place, 0755) == 0 || errno == EEXIST);
}

static bool
count_file(struct copy *copy, const struct payload_record *record)
{
    copy->found.files++;
    copy->found.bytes += record->size;
    return copy->found.files <= copy->limit->files && copy->found.bytes <= copy->limit->bytes;
}

typedef bool visit(struct copy *copy, const struct payload_record *record);

/* Call `with` for all files that are in the folder `path`, and in those below unless `flat`. The keys
   of files are in payload/payload.h. */
static bool
walk(struct copy *copy, bool flat, visit *with)
{
    const struct payload *payload = vfs_payload();
    struct vfs_path *path = &copy->path;
    size_t size = path->size;
    struct payload_span key = {path->text, size + 1};
    uint32_t first = payload_lower_bound(payload, PAYLOAD_FILES, key);
    bool done = true;

    for (uint32_t i = first; done && i < payload_count(payload, PAYLOAD_FILES); i++) {
        const struct payload_record *record = payload_at(payload, PAYLOAD_FILES, i);
        struct payload_span name = payload_name(payload, record);
        if (name.size <= key.size || memcmp(name.start, path->text, key.size) != 0) {
            break;
        }
        if (name.size >= sizeof(path->text)) {
            return false;
        }
        memcpy(path->text, name.start, name.size);
        path->text[size] = '/';
        path->text[name.size] = '\0';
        path->size = name.size;
        if (size == 0) { /* at the top there is no slash before a name */
            memmove(path->text, path->text + 1, path->size--);
        }
        if (record->kind != PAYLOAD_FOLDER) {
            done = with(copy, record);
        }
        else if (!flat) {
            done = walk(copy, flat, with);
        }
        path->size = size;
        path->text[size] = '\0';
    }
    return done;
}

static bool
copy_folder(struct copy *copy, bool flat)
{
    copy->found = (struct limit){0, 0};
    return walk(copy, flat, count_file) && make_folder(copy) && walk(copy, flat, copy_file);
}

/* Copy what is beside a file, or as much of it as is little. */
static void
copy_neighbours(struct copy *copy)
{
    char name[PATH_MAX];
    size_t size = copy->path.size;
    size_t cut = size;

    while (cut > 0 && copy->path.text[cut - 1] != '/') {
        cut--;
    }
    memcpy(name, copy->path.text, size + 1);
    copy->path.size = cut > 0 ? cut - 1 : 0;
    copy->path.text[copy->path.size] = '\0';
    if (!copy_folder(copy, false)) {
        copy_folder(copy, true);
    }
    memcpy(copy->path.text, name, size + 1);
    copy->path.size = size;
}

/* The same file in memory, for programs that inherit its descriptor: where nothing can be written. */
static char *
name_in_memory(const struct copy *copy, const struct payload_record *record, char *into)
{
    bool own = copies_has_own_memory();
    int file = own && in_memory_count == MEMORY_MAX ? -1
                                                    : record_in_memory(record, copy->path.text);

    if (file < 0) {
        return NULL;
    }
    snprintf(into, PATH_MAX, "/proc/self/fd/%d", file);
    if (fcntl(file, F_SETFD, 0) != 0 || access(into, R_OK) != 0) {
        close_failed(file);
        return NULL;
    }
    if (own) {
        in_memory[in_memory_count++] = file;
    }
    return into;
}

void
copies_take_back(void)
{
    int error = errno;

    while (copies_has_own_memory() && in_memory_count > 0) {
        close(in_memory[--in_memory_count]);
    }
    errno = error;
}

static char *
copy_record(struct copy *copy, const struct payload_record *record, const char *rest, char *into)
{
    if (privilege_is_raised()) {
        return vfs_is_folder(record) || *rest ? NULL : name_in_memory(copy, record, into);
    }
    copies_folder(copy->place);
    copy->folder_size = strlen(copy->place);
    copy->limit = vfs_is_folder(record) ? &of_a_folder : &beside_a_file;
    if (vfs_is_folder(record)) {
        if (!copy_folder(copy, false) || !set_place(copy)) {
            return NULL;
        }
    }
    else {
        /* Nobody removes a copy when its owner becomes another program. */
        if (*rest == '\0' && copies_is_owner() && name_in_memory(copy, record, into) != NULL) {
            return into;
        }
        copy_neighbours(copy);
        if (!copy_file(copy, record)) {
            return *rest ? NULL : name_in_memory(copy, record, into);
        }
    }
    if (strlen(copy->place) + strlen(rest) >= PATH_MAX) {
        return NULL;
    }
    strcpy(stpcpy(into, copy->place), rest);
    return into;
}

char *
copies_make(const char *path, char *into)
{
    const struct payload_record *record = NULL;
    char head[PATH_MAX];
    struct copy copy;
    size_t cut = strlen(path);

    if (cut >= sizeof(head)) {
        return NULL;
    }
    strcpy(head, path);
    /* What is behind a file is no path of ours: the file may be one that programs look into. */
    while (vfs_begins(head)
           && !(vfs_below(head, &copy.path) && vfs_get(&copy.path, &record) == 0)) {
        while (cut > 0 && head[--cut] != '/') {
        }
        head[cut] = '\0';
    }
    if (record == NULL || (path[cut] != '\0' && record->kind == PAYLOAD_FOLDER)) {
        return NULL;
    }
    return copy_record(&copy, record, path + cut, into);
}
