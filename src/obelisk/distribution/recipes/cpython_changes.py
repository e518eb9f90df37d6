"""What is changed in CPython's source: where it cannot know that libc is musl, in one file."""

from __future__ import annotations

from typing import Final

from obelisk.catalog import source

Change = tuple[str, str, str]
"""A file, a text in it, and what stands there instead."""

_STACK_LIMITS: Final = r"""
#if defined(__linux__) && !defined(__GLIBC__)
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>

// The kernel grows the main stack down from its end, where it put the program's name, as far as
// RLIMIT_STACK allows. Other stacks are mappings, at least 128 MiB below that end.
static int
musl_stack_limits(uintptr_t *base, uintptr_t *top, uintptr_t sp)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    uintptr_t end = name == NULL ? 0 :
        _Py_SIZE_ROUND_UP((uintptr_t)name + strlen(name) + 1 + sizeof(void *), SYSTEM_PAGE_SIZE);
    struct rlimit limit;
    pthread_attr_t attr;
    void *address;
    size_t size;

    if (sp < end && end - sp < ((uintptr_t)64 << 20)) {
        if (getrlimit(RLIMIT_STACK, &limit) != 0) {
            return 0;
        }
        size = limit.rlim_cur > ((rlim_t)1 << 30) ? (size_t)1 << 30 : (size_t)limit.rlim_cur;
        *top = end;
        *base = end - size;
    }
    else {
        if (pthread_getattr_np(pthread_self(), &attr) != 0) {
            return 0;
        }
        pthread_attr_getstack(&attr, &address, &size);
        pthread_attr_destroy(&attr);
        *base = (uintptr_t)address;
        *top = *base + size;
    }
    if (*top - *base < _PyOS_MIN_STACK_SIZE) {
        *base = *top - _PyOS_MIN_STACK_SIZE;
    }
    return *base <= sp && sp < *top;
}
#endif

static void
hardware_stack_limits(uintptr_t *base, uintptr_t *top, uintptr_t sp)
{
#if defined(__linux__) && !defined(__GLIBC__)
    if (musl_stack_limits(base, top, sp)) {
        return;
    }
#endif
#ifdef WIN32
"""

_STACKS: Final = (
    "Python/ceval.c",
    """
static void
hardware_stack_limits(uintptr_t *base, uintptr_t *top, uintptr_t sp)
{
#ifdef WIN32
""",
    _STACK_LIMITS,
)
"""For musl, CPython assumes stacks of 4 MB. In smaller ones, as `threading.stack_size` and
`ulimit -s` make them, deep recursion would end the process instead of raising RecursionError."""

_PROGRAM: Final = (
    "Python/remote_debug.h",
    """    uintptr_t retval = 0;

    while (fgets(line + linelen""",
    r"""    // The program itself may have any name.
    char program_link[64];
    char program[PATH_MAX] = "";
    sprintf(program_link, "/proc/%d/exe", handle->pid);
    if (readlink(program_link, program, sizeof(program) - 1) < 0) {
        program[0] = '\0';
    }

    uintptr_t retval = 0;

    while (fgets(line + linelen""",
)
_PROGRAM_FILE: Final = (
    "Python/remote_debug.h",
    """        if (strstr(filename, substr)) {
            PyErr_Clear();
            retval = search_elf_file_for_section(handle, secname, start, path);
            if (retval
                && (""",
    """        int is_program = strcmp(path, program) == 0;
        if (is_program || strstr(filename, substr)) {
            PyErr_Clear();
            retval = search_elf_file_for_section(handle, secname, start,
                                                 is_program ? program_link : path);
            if (retval
                && (""",
)
"""`sys.remote_exec`, `pdb -p` and `asyncio ps` look for an interpreter in files with `python` in
their names, and for asyncio's tasks in `_asyncio.cpython*`; here a program of any name has both."""


_NO_CONFSTR: Final = """\
        except (AttributeError, ValueError, OSError):
            # os.confstr() or CS_GNU_LIBC_VERSION value not available
            """


def changes(version: str) -> tuple[Change, ...]:
    """Return what is changed in the source of a Python version such as `3.14`."""
    libc = (
        "Lib/platform.py",
        _NO_CONFSTR + "pass\n",
        # Otherwise it would read the whole executable for it: seconds when that is large.
        _NO_CONFSTR + f"return 'musl', '{source('musl').version}'\n",
    )
    newer = (_STACKS, _PROGRAM, _PROGRAM_FILE)
    return (libc, *newer) if version == "3.14" else (libc,)
