/* The operating system: Windows. */

#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "os/windows/text.h"

/* The names of the sections that `link` adds: all eight bytes, not always ended by a zero byte. */
static const char section_names[][IMAGE_SIZEOF_SHORT_NAME] = {
    [OS_PAYLOAD] = {'.', 'o', 'b', 'e', 'l', 'i', 's', 'k'},
    [OS_OBJECTS] = {'.', 'o', 'b', 'j', 'e', 'c', 't', 's'},
    [OS_DIGEST] = {'.', 'd', 'i', 'g', 'e', 's', 't', 0},
};

/* Text that says something of an error may be this long. */
#define MESSAGE_MAX 512

static const IMAGE_SECTION_HEADER *
section(const char *image, const char *name)
{
    const IMAGE_DOS_HEADER *file = (const void *)image;
    const IMAGE_NT_HEADERS *headers = (const void *)(image + file->e_lfanew);
    const IMAGE_SECTION_HEADER *found = IMAGE_FIRST_SECTION(headers);

    for (unsigned i = 0; i < headers->FileHeader.NumberOfSections; i++) {
        if (memcmp(found[i].Name, name, IMAGE_SIZEOF_SHORT_NAME) == 0) {
            return &found[i];
        }
    }
    return NULL;
}

/* The loader did so already: constants that it relocated are read-only since. */
void
os_protect(void)
{
}

struct os_span
os_segment(enum os_part part)
{
    const char *image = (const char *)GetModuleHandleW(NULL);
    const IMAGE_SECTION_HEADER *header =
        section_names[part][0] != '\0' ? section(image, section_names[part]) : NULL;
    struct os_span span = {NULL, 0, 0};

    if (header != NULL) {
        span.base = image + header->VirtualAddress;
        span.size = header->Misc.VirtualSize;
        span.offset = header->PointerToRawData;
    }
    return span;
}

/* Return the path of this executable as the loader has it, which is absolute; NULL when there is no
   memory. */
static char *
module_path(void)
{
    static const wchar_t verbatim[] = L"\\\\?\\";
    DWORD room = 32768; /* units, the longest path that there can be */
    wchar_t *wide = malloc(room * sizeof(wchar_t));
    DWORD size = wide ? GetModuleFileNameW(NULL, wide, room) : 0;
    const wchar_t *text = wide;
    char *path = NULL;

    if (size > 0 && size < room) {
        /* Whoever started it may have spelled it so, which means the same where a drive follows. */
        if (wcsncmp(text, verbatim, 4) == 0 && text[4] != L'\0' && text[5] == L':') {
            text += 4;
        }
        path = text_from_wide(text);
    }
    free(wide);
    return path;
}

const char *
os_executable(void)
{
    static char *path;

    if (path == NULL) {
        path = module_path();
    }
    return path ? path : "executable";
}

const char *
os_asked_path(void)
{
    return os_executable();
}

/* The rate that a job may have of all processors, in hundredths of a percent; 10,000 when it is not
   limited. Containers are jobs. */
static DWORD
granted_rate(void)
{
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate = {0};
    const DWORD limits = JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;

    if (!QueryInformationJobObject(NULL, JobObjectCpuRateControlInformation, &rate, sizeof(rate), NULL)
        || (rate.ControlFlags & limits) != limits || rate.CpuRate == 0) {
        return 10000;
    }
    return rate.CpuRate;
}

int
os_granted_processors(void)
{
    DWORD all = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    DWORD granted = (DWORD)(((uint64_t)all * granted_rate() + 9999) / 10000);
    DWORD_PTR own = 0;
    DWORD_PTR of_system = 0;
    DWORD usable = all;

    if (all <= 8 * sizeof(own) && GetProcessAffinityMask(GetCurrentProcess(), &own, &of_system)
        && own != 0) {
        usable = (DWORD)__builtin_popcountll(own);
    }
    return (int)(granted < usable ? granted : usable);
}

/* A process of the subsystem `windows` may have no stderr: then nobody is told. */
static void
tell(const char *line)
{
    HANDLE stream = GetStdHandle(STD_ERROR_HANDLE);
    wchar_t *wide;
    DWORD mode;
    DWORD written;

    if (stream == NULL || stream == INVALID_HANDLE_VALUE) {
        return;
    }
    wide = GetConsoleMode(stream, &mode) ? text_to_wide(line) : NULL;
    if (wide != NULL) {
        WriteConsoleW(stream, wide, (DWORD)wcslen(wide), &written, NULL);
    }
    else {
        WriteFile(stream, line, (DWORD)strlen(line), &written, NULL);
    }
}

_Noreturn void
os_die(int status, const char *message)
{
    static char line[PATH_MAX + MESSAGE_MAX + 2];

    snprintf(line, sizeof(line), "%s: %.*s\n", os_executable(), MESSAGE_MAX, message);
    tell(line);
    TerminateProcess(GetCurrentProcess(), (UINT)status);
    abort();
}

_Noreturn void
os_die_of_error(const char *message)
{
    DWORD error = GetLastError();
    wchar_t reason[256] = L"";
    char text[MESSAGE_MAX];
    char *bytes;
    DWORD size = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS
                                    | FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                NULL, error, 0, reason, 256, NULL);

    while (size > 0 && (reason[size - 1] == L' ' || reason[size - 1] == L'.')) {
        reason[--size] = L'\0';
    }
    bytes = text_from_wide(reason);
    snprintf(text, sizeof(text), "%s: %s (error %lu)", message, bytes ? bytes : "", error);
    os_die(OS_EXIT_FAILED, text);
}
