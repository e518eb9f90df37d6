"""Count what a start does, of an executable for Windows against the same for Linux.

    python scripts/count_windows_start.py

Time under Wine says little of Windows, and most instructions are Wine's own; what a program asks
of the system is counted instead. For Linux these are the system calls (strace); for Windows the
libraries that are loaded and the files that are opened or looked for, as Wine's channels `file` and
`loaddll` tell of the program's own process.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
APPS = ROOT / "tests/apps"
TRIPLE = "x86_64-pc-windows-gnu"
PROGRAMS = {
    "hello": (APPS / "hello.py", ()),
    "CLI of five libraries": (APPS / "windows/tools.py", ("--help",)),
}
WINE = "/usr/lib/wine/wine64"
PROCESS = re.compile(r"^([0-9a-f]{4}):[0-9a-f]{4}:(.*)", re.MULTILINE)


def build(application: Path, path: Path, *options: str) -> Path:
    """Build an executable; return its path."""
    command = (sys.executable, "-m", "obelisk", "build", "-q", str(application), "-o", str(path))
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    return path


def calls_on_linux(executable: Path, arguments: Sequence[str], folder: Path) -> int:
    """Return how many system calls a start makes."""
    table = folder / "calls"
    argv: list[str | Path] = ["strace", "-f", "-c", "-o", table, executable, *arguments]
    subprocess.run(argv, check=True, env={}, cwd=folder, stdout=subprocess.DEVNULL)
    return int(table.read_text().splitlines()[-1].split()[3])


def calls_on_windows(
    executable: Path, arguments: Sequence[str], folder: Path, wine: dict[str, str]
) -> tuple[int, int, int]:
    """Return the libraries that a start loads, the files it opens, and those it does not find."""
    env = wine | {"WINEDEBUG": "+pid,+file,+loaddll"}
    argv: list[str | Path] = [WINE, executable, *arguments]
    done = subprocess.run(
        argv, check=True, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True
    )
    lines = PROCESS.findall(done.stderr.decode(errors="replace"))
    own = next(pid for pid, text in lines if "loaddll" in text and executable.name in text)
    mine = [text for pid, text in lines if pid == own]
    loaded = sum("loaddll" in text and "Loaded" in text for text in mine)
    files = sum("NtCreateFile handle" in text for text in mine)
    missing = sum("not found in" in text for text in mine)
    return loaded - 1, files, missing


def main() -> None:
    """Print a table in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prefix = folder / "prefix"
        wine = {"WINEPREFIX": str(prefix), "WINEDLLOVERRIDES": "mscoree=;mshtml="}
        wine |= {"LC_ALL": "C.UTF-8", "WINEDEBUG": "-all"}
        setting = ("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        for words in (("wineboot", "--init"), setting):
            subprocess.run([WINE, *words], check=True, env=wine, capture_output=True)
        print("| program | Linux: system calls | Windows: libraries | files opened | not found |")
        print("|---|---|---|---|---|")
        for what, (application, arguments) in PROGRAMS.items():
            here = build(application, folder / "here")
            there = build(application, folder / "there.exe", "--target", TRIPLE)
            # The first start is also one of services of Wine.
            _, counts = (calls_on_windows(there, arguments, folder, wine) for _ in range(2))
            calls = calls_on_linux(here, arguments, folder)
            print(f"| {what} | {calls} |", *(f"{count} |" for count in counts))


if __name__ == "__main__":
    main()
