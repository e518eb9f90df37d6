/* What modules ask of their surroundings while they are imported, noted: a process that goes on from the
   snapshot has others. Functions here are linked with --wrap. */

#include "snapshot/snapshot.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NOTES_MAX 4096

static struct snapshot_noted notes[NOTES_MAX];
static size_t note_count;
static bool is_watching;

char *__real_getenv(const char *);
char *__wrap_getenv(const char *);
char *__real_secure_getenv(const char *);
char *__wrap_secure_getenv(const char *);
char *__real_getcwd(char *, size_t);
char *__wrap_getcwd(char *, size_t);
int __real_gethostname(char *, size_t);
int __wrap_gethostname(char *, size_t);
int __real_uname(struct utsname *);
int __wrap_uname(struct utsname *);
uid_t __real_getuid(void);
uid_t __wrap_getuid(void);
struct passwd *__real_getpwuid(uid_t);
struct passwd *__wrap_getpwuid(uid_t);
int __real_isatty(int);
int __wrap_isatty(int);

void
snapshot_watch(void)
{
    is_watching = snapshot_is_preparing();
}

static bool
is_noted(const char *kind, const char *name)
{
    for (size_t i = 0; i < note_count; i++) {
        if (strcmp(notes[i].kind, kind) == 0
            && (name == NULL ? notes[i].name == NULL : notes[i].name && strcmp(notes[i].name, name) == 0)) {
            return true;
        }
    }
    return false;
}

void
snapshot_note(const char *kind, const char *name, const char *value)
{
    if (!is_watching || note_count == NOTES_MAX || is_noted(kind, name)) {
        return;
    }
    is_watching = false; /* copying asks for memory, and that may ask for more */
    notes[note_count].kind = kind;
    notes[note_count].name = name ? strdup(name) : NULL;
    notes[note_count].value = value ? strdup(value) : NULL;
    note_count++;
    is_watching = true;
}

const struct snapshot_noted *
snapshot_noted(size_t *count)
{
    *count = note_count;
    return notes;
}

char *
__wrap_getenv(const char *name)
{
    char *value = __real_getenv(name);

    snapshot_note("environment", name, value);
    return value;
}

char *
__wrap_secure_getenv(const char *name)
{
    char *value = __real_secure_getenv(name);

    snapshot_note("environment", name, value);
    return value;
}

char *
__wrap_getcwd(char *buffer, size_t size)
{
    snapshot_note("working directory", NULL, NULL);
    return __real_getcwd(buffer, size);
}

int
__wrap_gethostname(char *name, size_t size)
{
    snapshot_note("host", NULL, NULL);
    return __real_gethostname(name, size);
}

int
__wrap_uname(struct utsname *name)
{
    snapshot_note("host", NULL, NULL);
    return __real_uname(name);
}

uid_t
__wrap_getuid(void)
{
    snapshot_note("user", NULL, NULL);
    return __real_getuid();
}

struct passwd *
__wrap_getpwuid(uid_t user)
{
    snapshot_note("user", NULL, NULL);
    return __real_getpwuid(user);
}

int
__wrap_isatty(int file)
{
    snapshot_note("terminal", NULL, NULL);
    return __real_isatty(file);
}
