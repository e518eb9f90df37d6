/* Whether PYTHONPATH has effect in a process that this executable is `python` in. See exec/python_path.h. */

#include "exec/python_path.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "exec/windows/process.h"
#include "exec/windows/python_path.h"

void
python_path_open(bool is_obeyed)
{
    const wchar_t *value = _wgetenv(L"PYTHONPATH");

    process.obeys_python_path = is_obeyed;
    process.python_path = value ? wcsdup(value) : NULL;
}

bool
python_path_is_obeyed(void)
{
    return process.obeys_python_path;
}

static const wchar_t *
find(const wchar_t *environment)
{
    static const wchar_t name[] = L"PYTHONPATH=";
    const size_t size = sizeof(name) / sizeof(name[0]) - 1;

    for (; *environment != L'\0'; environment += wcslen(environment) + 1) {
        if (_wcsnicmp(environment, name, size) == 0) {
            return environment + size;
        }
    }
    return NULL;
}

bool
python_path_is_set(const wchar_t *environment)
{
    const wchar_t *value = environment ? find(environment) : _wgetenv(L"PYTHONPATH");

    return value != NULL
           && (process.obeys_python_path || process.python_path == NULL
               || wcscmp(value, process.python_path) != 0);
}
