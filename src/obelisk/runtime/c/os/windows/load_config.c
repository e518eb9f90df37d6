/* What the loader of Windows is told besides the headers (IMAGE_LOAD_CONFIG_DIRECTORY64). The linker lets them
   name what has this name. */

#include <windows.h>

#include <delayimp.h>

/* That no function uses the compiler's own value to guard frames, so that the loader need not set one: it is in
   os/windows/canary.c. Microsoft's headers have it (IMAGE_GUARD_SECURITY_COOKIE_UNUSED). */
#define COOKIE_UNUSED 0x00000800

/* Libraries of the system are loaded from its folder, and nowhere else: one of such a name beside the
   executable, as in a folder of downloads, is not asked for. Windows 10 obeys this since its version 1607. */
extern const IMAGE_LOAD_CONFIG_DIRECTORY64 _load_config_used;

const IMAGE_LOAD_CONFIG_DIRECTORY64 _load_config_used = {
    .Size = sizeof(_load_config_used),
    .DependentLoadFlags = LOAD_LIBRARY_SEARCH_SYSTEM32,
    .GuardFlags = COOKIE_UNUSED,
};

/* Return a library that is loaded when it is first called (runtime/pe.py), NULL to let the caller do it. */
static FARPROC WINAPI
load(unsigned event, PDelayLoadInfo info)
{
    HMODULE library = NULL;

    if (event == dliNotePreLoadLibrary) {
        library = LoadLibraryExA(info->szDll, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    }
    return (FARPROC)(void (*)(void))library;
}

/* mingw-w64's code for that calls it. */
PfnDliHook __pfnDliNotifyHook2 = load;
