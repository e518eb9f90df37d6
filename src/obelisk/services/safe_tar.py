"""Unpacking tar archives without letting a member land, or lead, outside the folder (PEP 706).

Python has had the `data` filter since 3.11.4; Debian 12 has 3.11.2, so the same refusals stand
here for it.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

_OWNER_WRITES: Final = 0o200
_MODE: Final = 0o755


def extract_safely(tar: tarfile.TarFile, into: Path) -> None:
    """Unpack all members below `into`; raise `tarfile.TarError` for one that would escape."""
    if hasattr(tarfile, "data_filter"):
        tar.extractall(into, filter="data")
        return
    for member in tar:
        _refuse_escape(member)
        member.mode = member.mode & _MODE | _OWNER_WRITES
        member.uid, member.gid = os.getuid(), os.getgid()
        member.uname = member.gname = ""
        tar.extract(member, into)


def _refuse_escape(member: tarfile.TarInfo) -> None:
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        message = f"{member.name!r} is a special file"
        raise tarfile.ExtractError(message)
    paths = [PurePosixPath(member.name)]
    if member.issym():
        paths.append(PurePosixPath(member.name).parent / member.linkname)
    elif member.islnk():
        paths.append(PurePosixPath(member.linkname))
    for path in paths:
        depth = 0
        for part in path.parts:
            depth += -1 if part == ".." else 1
            if depth < 0 or path.is_absolute():
                message = f"{member.name!r} leads outside the directory"
                raise tarfile.ExtractError(message)
