"""Whether an entry is intact: a record in its folder has every file's hash.

The record begins with a fingerprint of the files' sizes, times and inodes. As long as it matches,
nobody has written to them since they were hashed; when it does not, they are hashed again: another
fingerprint with the same hashes is a cache that was copied or restored. What a disk does to bytes
without anybody writing is found by `obelisk cache verify`, which hashes always.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from obelisk.services.atomic import sync
from obelisk.services.drafts import draft

RECORD: Final = ".obelisk-record"
_FORMAT: Final = "obelisk record 1"
_SKIPPED: Final = "__pycache__"
"""Python writes there whenever it runs, and believes only what matches its source."""
_DISTRUST: Final = "-"
_OWNER_RUNS: Final = 0o100


class DamagedError(Exception):
    """An entry does not match its record; the message is the difference."""


def is_trusted(entry: Path) -> bool:
    """Return whether an entry exists and was not written to since its hashes were verified."""
    try:
        with (entry / RECORD).open(encoding="utf-8") as stream:
            head, fingerprint = stream.readline(), stream.readline()
        return head == _FORMAT + "\n" and fingerprint.rstrip() == _fingerprint(entry)
    except (OSError, UnicodeError):
        return False


def record(entry: Path) -> None:
    """Write the record of a complete entry."""
    text = _record_text(_fingerprint(entry), _hashes(entry))
    (entry / RECORD).write_text(text, encoding="utf-8")


def check(entry: Path) -> None:
    """Hash an entry completely; raise `DamagedError` if it differs from its record.

    An entry of an older Obelisk, which has none, is believed.
    """
    try:
        recorded = _read_record(entry)
        found = _hashes(entry)
    except OSError as error:
        reason = f"{error.filename or entry}: {error.strerror}"
        raise DamagedError(reason) from error
    if recorded is None or recorded == found:
        return
    for name in sorted(recorded.keys() | found.keys()):
        if recorded.get(name) != found.get(name):
            how = "missing" if name not in found else "changed" if name in recorded else "added"
            reason = f"{name} is {how}"
            raise DamagedError(reason)


def renew(entry: Path, scratch: Path) -> None:
    """Record that an entry was hashed and matches; do nothing in a read-only cache."""
    _replace_record(entry, scratch, _fingerprint(entry))


def distrust(entry: Path, scratch: Path) -> None:
    """Have an entry hashed, and so rebuilt, when it is next used."""
    _replace_record(entry, scratch, _DISTRUST)


def note_use(entry: Path) -> None:
    """Record the time of a use."""
    with contextlib.suppress(OSError):
        os.utime(entry / RECORD)


def last_use(entry: Path) -> float:
    """Return when an entry was used last, in seconds since 1970."""
    try:
        return (entry / RECORD).lstat().st_mtime
    except OSError:
        return entry.lstat().st_mtime


def _replace_record(entry: Path, scratch: Path, fingerprint: str) -> None:
    with contextlib.suppress(OSError):
        hashes = _read_record(entry)
        text = _record_text(fingerprint, _hashes(entry) if hashes is None else hashes)
        scratch.mkdir(exist_ok=True)
        with draft(scratch, "record-") as path:
            path.write_text(text, encoding="utf-8")
            sync(path)
            path.rename(entry / RECORD)


def _read_record(entry: Path) -> dict[str, str] | None:
    """Return the hashes in a record; None if there is no record."""
    try:
        head, _, digest, body = (entry / RECORD).read_text(encoding="utf-8").split("\n", 3)
    except FileNotFoundError:
        return None
    except ValueError as error:
        reason = "truncated record"
        raise DamagedError(reason) from error
    if head != _FORMAT or hashlib.sha256(body.encode()).hexdigest() != digest:
        reason = "corrupt record"
        raise DamagedError(reason)
    return dict(json.loads(body))


def _record_text(fingerprint: str, hashes: dict[str, str]) -> str:
    body = json.dumps(hashes, indent=0, sort_keys=True)
    return "\n".join((_FORMAT, fingerprint, hashlib.sha256(body.encode()).hexdigest(), body))


def _hashes(entry: Path) -> dict[str, str]:
    """Return the kind of each file, and the hash of its bytes or the target of a link."""
    found = {}
    for name, item in _walk(str(entry)):
        if item.is_symlink():
            found[name] = f"link {Path(item).readlink()}"
        elif item.is_dir():
            found[name] = "folder"
        elif item.is_file():
            with open(item, "rb") as stream:  # noqa: PTH123 - it is no path object
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            runs = item.stat(follow_symlinks=False).st_mode & _OWNER_RUNS
            found[name] = f"{'program' if runs else 'file'} {digest}"
        else:
            found[name] = "special"
    return found


def _fingerprint(entry: Path) -> str:
    rows = []
    for name, item in _walk(str(entry)):
        found = item.stat(follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            rows.append(name)
        else:
            facts = (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino)
            rows.append(f"{name}\0{facts}")
    rows.sort()
    text = "\n".join(rows).encode(errors="surrogateescape")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _walk(root: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield all that counts, with its path below `root`."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(f"{root}/{folder}") as found:
            for item in found:
                if item.name == RECORD and not folder:
                    continue
                if item.is_dir(follow_symlinks=False):
                    if item.name == _SKIPPED:
                        continue
                    waiting.append(f"{folder}{item.name}/")
                yield folder + item.name, item
