/* What modules ask of their surroundings while they are imported, noted: a process that goes on from the
   snapshot has others. Functions here are linked with --wrap. */

#include "snapshot/snapshot.h"

#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "snapshot/processors.h"

#define NOTES_MAX 4096
#define STACK_SIZE (8 << 20) /* bytes: what most machines allow */

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
int __real_sched_getaffinity(pid_t, size_t, cpu_set_t *);
int __wrap_sched_getaffinity(pid_t, size_t, cpu_set_t *);
long __real_sysconf(int);
long __wrap_sysconf(int);
int __real_getrlimit(int, struct rlimit *);
int __wrap_getrlimit(int, struct rlimit *);
int __wrap_OPENSSL_issetugid(void);
int __real_isatty(int);
int __wrap_isatty(int);

bool
snapshot_watch(bool is_begun)
{
    bool before = is_watching;

    is_watching = is_begun && snapshot_is_preparing();
    return before;
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

size_t
snapshot_noted(const struct snapshot_noted **noted)
{
    *noted = notes;
    return note_count;
}

void
snapshot_forget_noted(void)
{
    for (size_t i = 0; i < note_count; i++) {
        free(notes[i].name);
        free(notes[i].value);
        notes[i] = (struct snapshot_noted){NULL, NULL, NULL};
    }
    note_count = 0;
}

char *
__wrap_getenv(const char *name)
{
    char *value = __real_getenv(name);

    snapshot_note("environment", name, value);
    if (value == NULL && snapshot_is_preparing() && strcmp(name, "TZ") == 0) {
        return (char *)"UTC0"; /* libc would read the file of this machine's time zone */
    }
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
    snapshot_note("cwd", NULL, NULL);
    return __real_getcwd(buffer, size);
}

int
__wrap_gethostname(char *name, size_t size)
{
    struct utsname host;

    if (!snapshot_is_preparing()) {
        return __real_gethostname(name, size);
    }
    if (__wrap_uname(&host) != 0 || size <= strlen(host.nodename)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(name, host.nodename);
    return 0;
}

/* Of one host and kernel while a snapshot is made: how long these texts are decides where memory is. */
int
__wrap_uname(struct utsname *name)
{
    int status = __real_uname(name);

    snapshot_note("host", NULL, NULL);
    if (status == 0 && snapshot_is_preparing()) {
        strcpy(name->nodename, "localhost");
        strcpy(name->release, "4.18.0");
        strcpy(name->version, "#1 SMP");
        strcpy(name->domainname, "(none)");
    }
    return status;
}

uid_t
__wrap_getuid(void)
{
    snapshot_note("user", NULL, NULL);
    return __real_getuid();
}

/* OpenSSL compares the user's numbers with each variable that it looks up. */
int
__wrap_OPENSSL_issetugid(void)
{
    return getauxval(AT_SECURE) != 0;
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
    snapshot_note("tty", NULL, NULL);
    return __real_isatty(file);
}

int
__wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    snapshot_note("cpus", NULL, NULL);
    if (!snapshot_is_preparing() || size < sizeof(unsigned long)) {
        return __real_sched_getaffinity(process, size, set);
    }
    memset(set, 0, size);
    for (int i = 0; i < PROCESSORS_WHILE_PREPARING; i++) {
        CPU_SET_S((size_t)i, size, set);
    }
    return 0;
}

long
__wrap_sysconf(int name)
{
    if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) {
        snapshot_note("cpus", NULL, NULL);
        if (snapshot_is_preparing()) {
            return PROCESSORS_WHILE_PREPARING;
        }
    }
    return __real_sysconf(name);
}

/* Python keeps where the stack ends, until it goes on. */
int
__wrap_getrlimit(int resource, struct rlimit *limits)
{
    int status = __real_getrlimit(resource, limits);

    snapshot_note("limits", NULL, NULL);
    if (status == 0 && resource == RLIMIT_STACK && snapshot_is_preparing()) {
        limits->rlim_cur = STACK_SIZE;
    }
    return status;
}
