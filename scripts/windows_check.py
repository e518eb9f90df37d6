"""Write an archive to be run once on a machine with Windows: executables, and one that checks them.

`python scripts/windows_check.py [ARCHIVE]`; docs/how-to/windows.md says what to do with it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
APPS: Final = ROOT / "tests/apps/windows"
TARGET: Final = "x86_64-pc-windows-gnu"
NAMES: Final = ("behaviour", "tools", "served", "check/check", "check/window", "check/console")
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def build(folder: Path) -> list[Path]:
    """Build the executables into `folder`."""
    made = []
    for name in NAMES:
        path = folder / f"{Path(name).name}.exe"
        words = ["build", "-q", APPS / f"{name}.py", "--target", TARGET, "-o", path]
        argv = [sys.executable, "-m", "obelisk", *map(str, words)]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        made.append(path)
    return made


def write(archive: Path, paths: list[Path]) -> None:
    """Write the archive: the same bytes of the same executables."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as file:
        for path in paths:
            entry = zipfile.ZipInfo(f"windows-check/{path.name}", _TIME)
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main() -> None:
    """Build, and say where the archive is."""
    archive = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist/windows-check.zip"
    with tempfile.TemporaryDirectory() as folder:
        write(archive, build(Path(folder)))
    print(archive)


if __name__ == "__main__":
    main()
