"""Programs of Windows, run under Wine: one prefix for a session, without a display."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_PLACES = ("/usr/lib/wine/wine64", "/usr/bin/wine64")
"""Where Debian has it; its `wine` is a script that asks for the one of 32 bits."""


def wine_program():
    """Return Wine's loader of 64-bit programs, None where there is none."""
    found = next((path for path in _PLACES if Path(path).is_file()), None)
    return found or shutil.which("wine64")


class Wine:
    """A prefix of its own, which says that it is Windows 10."""

    def __init__(self, program, folder):
        self.program = program
        self.prefix = folder / "prefix"
        self.environment = {
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # Neither .NET nor a browser is asked for.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "PATH": os.defpath,
            "HOME": str(folder),
        }
        self.run("wineboot", "--init", cwd=folder, timeout=600)
        key = r"HKCU\Software\Wine"
        done = self.run("reg", "add", key, "/v", "Version", "/d", "win10", "/f", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, program, *arguments, cwd, stdin="", env=None, timeout=300):
        """Run a program; the three streams are pipes, which is all that Wine needs."""
        argv = [self.program, program, *arguments]
        return subprocess.run(
            [str(word) for word in argv],
            capture_output=True,
            cwd=cwd,
            env=self.environment | (env or {}),
            input=stdin,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    def path(self, path):
        """Return what a file is called in the prefix."""
        return "Z:" + str(path).replace("/", "\\")

    def stop(self):
        """End what still runs in the prefix."""
        server = Path(self.program).with_name("wineserver64")
        name = str(server) if server.is_file() else "wineserver"
        subprocess.run([name, "-k"], env=self.environment, check=False, timeout=60)


@pytest.fixture(scope="session")
def wine(tmp_path_factory):
    """Programs of Windows run here; skips where there is no Wine."""
    program = wine_program()
    if program is None:
        pytest.skip("Wine is not installed (Debian's packages wine and wine64)")
    made = Wine(program, tmp_path_factory.mktemp("wine"))
    yield made
    made.stop()
