/* The calls that start a process, linked with --wrap: where that is this executable, it is told what to be
   (exec/windows/self_exec.h). */

#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include <shellapi.h>

#include "exec/windows/self_exec.h"

BOOL WINAPI __real_CreateProcessW(LPCWSTR, LPWSTR, LPSECURITY_ATTRIBUTES, LPSECURITY_ATTRIBUTES, BOOL,
                                  DWORD, LPVOID, LPCWSTR, LPSTARTUPINFOW, LPPROCESS_INFORMATION);
BOOL WINAPI __wrap_CreateProcessW(LPCWSTR, LPWSTR, LPSECURITY_ATTRIBUTES, LPSECURITY_ATTRIBUTES, BOOL,
                                  DWORD, LPVOID, LPCWSTR, LPSTARTUPINFOW, LPPROCESS_INFORMATION);
intptr_t __real__wspawnve(int, const wchar_t *, const wchar_t *const *, const wchar_t *const *);
intptr_t __wrap__wspawnve(int, const wchar_t *, const wchar_t *const *, const wchar_t *const *);
intptr_t __real__wspawnv(int, const wchar_t *, const wchar_t *const *);
intptr_t __wrap__wspawnv(int, const wchar_t *, const wchar_t *const *);
intptr_t __real__wexecve(const wchar_t *, const wchar_t *const *, const wchar_t *const *);
intptr_t __wrap__wexecve(const wchar_t *, const wchar_t *const *, const wchar_t *const *);
intptr_t __real__wexecv(const wchar_t *, const wchar_t *const *);
intptr_t __wrap__wexecv(const wchar_t *, const wchar_t *const *);

/* Return what follows the program's name in a command line: quotes may be anywhere in it, and none of them
   is escaped. */
static const wchar_t *
behind_name(const wchar_t *line)
{
    bool is_quoted = false;

    for (; *line != L'\0' && (is_quoted || (*line != L' ' && *line != L'\t')); line++) {
        is_quoted = is_quoted != (*line == L'"');
    }
    return line;
}

/* Return a command line whose name has a mark before it, in memory that is to be freed. */
static wchar_t *
marked_line(const wchar_t *mark, const wchar_t *name, const wchar_t *line)
{
    const wchar_t *rest = behind_name(line);
    size_t size = wcslen(mark) + wcslen(name) + wcslen(rest) + 3;
    wchar_t *made = malloc(size * sizeof(wchar_t));

    if (made == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wcscpy(made, L"\"");
    wcscat(made, mark);
    wcscat(made, name);
    wcscat(made, L"\"");
    wcscat(made, rest);
    return made;
}

struct call {
    LPSECURITY_ATTRIBUTES process;
    LPSECURITY_ATTRIBUTES thread;
    BOOL inherits;
    DWORD flags;
    const wchar_t *environment;
    LPCWSTR folder;
    LPSTARTUPINFOW startup;
    LPPROCESS_INFORMATION made;
};

/* Start this executable. The path is given apart from the command line, so that a mark in that is only read
   by the new process. */
static BOOL
start_own(const wchar_t *path, wchar_t *const *words, const wchar_t *line, const struct call *call)
{
    struct self_exec_start start;
    wchar_t *given;
    BOOL done = FALSE;

    if (!self_exec_begin(words + 1, call->environment, &start)) {
        return FALSE;
    }
    given = start.is_python ? marked_line(start.mark, words[0], line) : wcsdup(line);
    if (given != NULL) {
        done = __real_CreateProcessW(path, given, call->process, call->thread, call->inherits,
                                     call->flags | CREATE_UNICODE_ENVIRONMENT, start.environment,
                                     call->folder, call->startup, call->made);
    }
    free(given);
    free(start.environment);
    return done;
}

BOOL WINAPI
__wrap_CreateProcessW(LPCWSTR name, LPWSTR line, LPSECURITY_ATTRIBUTES process,
                      LPSECURITY_ATTRIBUTES thread, BOOL inherits, DWORD flags, LPVOID environment,
                      LPCWSTR folder, LPSTARTUPINFOW startup, LPPROCESS_INFORMATION made)
{
    const struct call call = {process, thread, inherits, flags, environment, folder, startup, made};
    /* An environment in bytes is left alone, as no caller in here gives one. */
    bool is_readable = environment == NULL || (flags & CREATE_UNICODE_ENVIRONMENT);
    const wchar_t *text = line ? line : name;
    wchar_t **words = NULL;
    const wchar_t *path;
    int count = 0;
    BOOL done;

    if (text != NULL && *text != L'\0' && is_readable) {
        words = CommandLineToArgvW(text, &count);
    }
    path = name ? name : words ? words[0] : NULL;
    if (words != NULL && self_exec_starts_own(path)) {
        done = start_own(path, words, text, &call);
    }
    else {
        done = __real_CreateProcessW(name, line, process, thread, inherits, flags, environment, folder,
                                     startup, made);
    }
    LocalFree(words);
    return done;
}

/* Return an environment as an array whose texts are those of a block; only the array is to be freed. */
static const wchar_t **
as_array(const wchar_t *block)
{
    size_t count = 0;
    const wchar_t **array;

    for (const wchar_t *at = block; *at != L'\0'; at += wcslen(at) + 1) {
        count++;
    }
    array = calloc(count + 1, sizeof(*array));
    for (size_t i = 0; array != NULL && i < count; i++) {
        array[i] = block;
        block += wcslen(block) + 1;
    }
    return array;
}

/* Return it as a block, in memory that is to be freed. */
static wchar_t *
as_block(const wchar_t *const *array)
{
    size_t size = 2;
    wchar_t *block;
    wchar_t *end;

    for (size_t i = 0; array[i] != NULL; i++) {
        size += wcslen(array[i]) + 1;
    }
    block = malloc(size * sizeof(wchar_t));
    end = block;
    for (size_t i = 0; block != NULL && array[i] != NULL; i++) {
        end = wcscpy(end, array[i]) + wcslen(array[i]) + 1;
    }
    if (end != NULL) {
        *end = L'\0';
    }
    return block;
}

/* Return a copy of words of which the first has a mark, behind a quote if it begins with one: the C library
   joins them as they are. Only the array and its first text are to be freed. */
static const wchar_t **
marked_words(const wchar_t *mark, const wchar_t *const *words)
{
    size_t count = 0;
    size_t quote = words[0][0] == L'"';
    wchar_t *first = malloc((wcslen(mark) + wcslen(words[0]) + 1) * sizeof(wchar_t));
    const wchar_t **made;

    while (words[count] != NULL) {
        count++;
    }
    made = calloc(count + 1, sizeof(*made));
    if (first == NULL || made == NULL) {
        free(first);
        free(made);
        return NULL;
    }
    wcsncpy(first, words[0], quote);
    wcscpy(first + quote, mark);
    wcscat(first, words[0] + quote);
    memcpy(made, words, count * sizeof(*made));
    made[0] = first;
    return made;
}

static intptr_t
spawn_own(int mode, const wchar_t *path, const wchar_t *const *words, const wchar_t *const *environment)
{
    wchar_t *block = environment ? as_block(environment) : NULL;
    struct self_exec_start start;
    const wchar_t **given = NULL;
    const wchar_t **array;
    intptr_t status = -1;

    if ((environment != NULL && block == NULL)
        || !self_exec_begin((wchar_t *const *)(words + 1), block, &start)) {
        free(block);
        return -1;
    }
    given = marked_words(start.mark, words);
    array = as_array(start.environment);
    if (given != NULL && array != NULL) {
        status = __real__wspawnve(mode, path, given, array);
    }
    if (given != NULL) {
        free((void *)given[0]);
    }
    free(given);
    free(array);
    free(start.environment);
    free(block);
    return status;
}

intptr_t
__wrap__wspawnve(int mode, const wchar_t *path, const wchar_t *const *words,
                 const wchar_t *const *environment)
{
    return words[0] && self_exec_starts_own(path)
               ? spawn_own(mode, path, words, environment)
               : __real__wspawnve(mode, path, words, environment);
}

intptr_t
__wrap__wspawnv(int mode, const wchar_t *path, const wchar_t *const *words)
{
    return words[0] && self_exec_starts_own(path) ? spawn_own(mode, path, words, NULL)
                                                  : __real__wspawnv(mode, path, words);
}

intptr_t
__wrap__wexecve(const wchar_t *path, const wchar_t *const *words, const wchar_t *const *environment)
{
    return words[0] && self_exec_starts_own(path)
               ? spawn_own(_P_OVERLAY, path, words, environment)
               : __real__wexecve(path, words, environment);
}

intptr_t
__wrap__wexecv(const wchar_t *path, const wchar_t *const *words)
{
    return words[0] && self_exec_starts_own(path) ? spawn_own(_P_OVERLAY, path, words, NULL)
                                                  : __real__wexecv(path, words);
}
