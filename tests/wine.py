"""Wine, which runs executables for Windows: a prefix of its own, set to Windows 10, and no display.

Standard streams are pipes: Wine's console needs a terminal. What a process gets of the environment
is what a test says, and what Wine itself needs.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from obelisk.services.locks import lock

TRIPLE = "x86_64-pc-windows-gnu"
_SETTING = r"HKEY_CURRENT_USER\Software\Wine"


class Wine:
    """A prefix, and programs that run in it."""

    def __init__(self, prefix):
        self.program = _debian() or shutil.which("wine64") or shutil.which("wine")
        if self.program is None:
            pytest.skip("Wine is not installed (Debian's package wine64)")
        self.environment = {
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            # Or Wine takes names of files for ASCII.
            "LC_ALL": "C.UTF-8",
            # Neither Mono nor Gecko is asked for, nor are menus of a desktop written.
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
        }
        self.run("wineboot", "--init", cwd=prefix, timeout=600)
        setting = ("reg", "add", _SETTING, "/v", "Version", "/d", "win10", "/f")
        done = self.run(*setting, cwd=prefix)
        assert done.returncode == 0, done.stderr

    def command(self, executable, *arguments):
        return [self.program, str(executable), *map(str, arguments)]

    def run(self, executable, *arguments, cwd, env=None, stdin="", timeout=300):
        """Run a program and return what it said, as text in UTF-8; lines end as on Linux."""
        return subprocess.run(
            self.command(executable, *arguments),
            cwd=cwd,
            env={**self.environment, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=timeout,
            check=False,
        )

    def path(self, path):
        """Return what a file is called in the prefix."""
        return "Z:" + str(path).replace("/", "\\")

    def says(self, executable, lines, *arguments, cwd, env=None, stdin=""):
        """Run an executable that has to say these lines, and nothing else."""
        done = self.run(executable, *arguments, cwd=cwd, env=env, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert done.stdout.splitlines() == lines, done.stdout

    def start(self, executable, *arguments, cwd, env=None):
        """Start a program and return the process; its stdout is a pipe of text."""
        return subprocess.Popen(
            self.command(executable, *arguments),
            cwd=cwd,
            env={**self.environment, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _debian():
    """Return the program where Debian's package `wine64` alone has it."""
    path = Path("/usr/lib/wine/wine64")
    return str(path) if path.exists() else None


@pytest.fixture(scope="session")
def wine():
    """Programs of Windows run here; skips where there is no Wine."""
    prefix = shared_prefix()
    held = lock(prefix.with_name("wine.lock"))
    try:
        return Wine(prefix)
    finally:
        held.release()


def shared_prefix():
    """Return the folder of this user's prefix for the tests, which takes seconds to make."""
    folder = Path(tempfile.gettempdir()) / f"obelisk-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    prefix = folder / "wine"
    prefix.mkdir(exist_ok=True)
    return prefix
