"""The files of the runtime: C, in rooms that a target chooses, and frozen Python modules."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from obelisk.target import Target


def c_folder() -> Path:
    """Return the folder of the C files, which all includes start from."""
    return _folder() / "c"


def frozen_folder() -> Path:
    """Return the folder of the Python modules that are frozen into the runtime."""
    return _folder() / "frozen"


def c_files(target: Target, *more: str) -> list[Path]:
    """Return the C files of a target's rooms, and of those for purposes of one runtime."""
    rooms = [*target.runtime_rooms]
    for purpose in more:
        rooms += target.rooms_for(purpose)
    found = [path for room in rooms for path in sorted((c_folder() / room).glob("*.c"))]
    return [*found, *(c_folder() / name for name in target.runtime_files)]


def _folder() -> Path:
    return Path(str(files("obelisk"))) / "runtime"
