"""The commands that packages install, without the Python that the installer wrote into them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from obelisk.collect.installed import Prefix
from obelisk.collect.read import read_files
from obelisk.collect.shebang import neutral
from obelisk.model import COMMANDS, DataFile


def commands(prefix: Prefix, work: Path) -> tuple[list[DataFile], dict[str, bytes]]:
    """Return all files in `bin`, and the new contents of rewritten ones.

    That is written to a new folder of `work`. Programs that are no Python scripts stay as they are.
    """
    folder = work / COMMANDS
    folder.mkdir()
    files, rewritten = [], {}
    for file in _installed(prefix):
        data = file.source.read_bytes()
        text = neutral(data)
        if text != data:
            rewritten[file.path] = text
            source = folder / str(len(rewritten))
            source.write_bytes(text)
            source.chmod(file.source.stat().st_mode)
            file = DataFile(path=file.path, source=source)  # noqa: PLW2901 - what goes in for it
        files.append(file)
    return files, rewritten


def _installed(prefix: Prefix) -> Iterable[DataFile]:
    folder = prefix.root / COMMANDS
    if not folder.is_dir():
        return ()
    found = read_files(folder, under=COMMANDS)
    return (DataFile(path=file.path, source=file.source) for file in found)
