"""Run CPython's tests under Wine 8, without what it ends a process for or answers wrongly.

It is run by the executable, as a script. On Windows itself the tests need none of this.
"""

import _winapi
import os
import runpy
import sys
import winreg

# Wine's `propsys` has no VariantToString: the process ends.
sys.modules["_wmi"] = None
# Nor is there a CopyFile2, which `shutil.copy2` calls.
if hasattr(_winapi, "CopyFile2"):
    del _winapi.CopyFile2

query = winreg.QueryInfoKey


def query_info_key(key):
    """Refuse performance data, for which Wine waits without end."""
    if key == winreg.HKEY_PERFORMANCE_DATA:
        raise PermissionError
    return query(key)


def symlink(*arguments, **named):
    """Refuse symbolic links: Wine makes some that it does not find."""
    message = "no symbolic links"
    raise OSError(message)


winreg.QueryInfoKey = query_info_key
os.symlink = symlink
runpy.run_module("test", run_name="__main__")
