/* The variable that a process of this executable hands on. See exec/windows/handover.h. */

#include "exec/windows/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "exec/windows/process.h"
#include "os/windows/text.h"

struct process process;

/* Say whether a process is still running. Its number may be another's by now, which counts as well: a
   program that starts itself without end is stopped all the same, and no other comes so far. */
static bool
is_running(DWORD number)
{
    HANDLE other = OpenProcess(SYNCHRONIZE, FALSE, number);
    bool running;

    if (other == NULL) {
        return GetLastError() == ERROR_ACCESS_DENIED;
    }
    running = WaitForSingleObject(other, 0) == WAIT_TIMEOUT;
    CloseHandle(other);
    return running;
}

static void
read_outer(const char *text)
{
    while (*text >= '1' && *text <= '9' && process.outer_count < PROCESS_MOST) {
        char *end;
        unsigned long number = strtoul(text, &end, 10);

        if (number != GetCurrentProcessId() && is_running(number)) {
            process.outer[process.outer_count++] = number;
        }
        text = end + (*end == '.');
    }
}

struct handover
handover_take(uint64_t build)
{
    struct handover handover = {.role = '\0'};
    const char *value;
    const char *given;

    snprintf(process.variable, sizeof(process.variable), "OBELISK_%016llx=",
             (unsigned long long)build);
    process.variable[PROCESS_VARIABLE - 1] = '\0';
    value = getenv(process.variable);
    process.variable[PROCESS_VARIABLE - 1] = '=';
    if (value == NULL) {
        return handover;
    }
    process.is_inherited = true;
    read_outer(value);
    given = strchr(value, ':');
    if (given != NULL && given[1] != '\0' && token_read(given + 2, &handover.token) != NULL) {
        handover.role = given[1];
    }
    _putenv(process.variable); /* without a value: it is removed */
    return handover;
}

void
handover_enter(void)
{
    process.outer[process.outer_count++] = GetCurrentProcessId();
}

void
handover_write(wchar_t *into, const struct handover *handover)
{
    char text[PROCESS_HANDED_MAX];
    size_t size = strlen(process.variable);

    memcpy(text, process.variable, size + 1);
    for (size_t i = 0; i < process.outer_count; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, i ? ".%lu" : "%lu",
                                 process.outer[i]);
    }
    if (handover->role != '\0') {
        snprintf(text + size, sizeof(text) - size, ":%c%s", handover->role, handover->token.text);
    }
    text_decode(into, text);
}

void
handover_put(const struct handover *handover)
{
    wchar_t text[PROCESS_HANDED_MAX];

    handover_write(text, handover);
    text[PROCESS_VARIABLE - 1] = L'\0';
    SetEnvironmentVariableW(text, text + PROCESS_VARIABLE);
}

/* Return the units of an environment without the zero at its end. */
static size_t
environment_size(const wchar_t *environment)
{
    const wchar_t *at = environment;

    while (*at != L'\0') {
        at += wcslen(at) + 1;
    }
    return (size_t)(at - environment);
}

/* Copy all but the variable; return the end of it. */
static wchar_t *
copy_others(wchar_t *into, const wchar_t *environment, const wchar_t *variable)
{
    for (; *environment != L'\0'; environment += wcslen(environment) + 1) {
        if (_wcsnicmp(environment, variable, PROCESS_VARIABLE) != 0) {
            into = wcscpy(into, environment) + wcslen(environment) + 1;
        }
    }
    return into;
}

wchar_t *
handover_environment(const wchar_t *environment, const struct handover *handover)
{
    wchar_t *own = environment ? NULL : GetEnvironmentStringsW();
    const wchar_t *given = environment ? environment : own;
    wchar_t variable[PROCESS_HANDED_MAX];
    wchar_t *made = NULL;
    wchar_t *end;

    handover_write(variable, handover);
    if (given != NULL) {
        made = malloc((environment_size(given) + wcslen(variable) + 2) * sizeof(wchar_t));
    }
    if (made != NULL) {
        end = copy_others(made, given, variable);
        end = wcscpy(end, variable) + wcslen(variable) + 1;
        *end = L'\0';
    }
    if (own != NULL) {
        FreeEnvironmentStringsW(own);
    }
    return made;
}
