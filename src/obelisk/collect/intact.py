"""Whether installed files match their packages' RECORDs.

The installer takes them from its cache, which it trusts: a file that changed there since it was
unpacked would go into the executable in silence.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from obelisk.collect.installed import Installed, Prefix
from obelisk.services.host import jobs
from obelisk.services.process import working_together

ALGORITHM: Final = "sha256="
"""Prefix of the digests that are compared."""


def differing(prefix: Prefix, installed: Iterable[Installed]) -> dict[str, list[str]]:
    """Return the included files that differ from their RECORD, by the name of their package."""
    files = [(one.package.name, *file) for one in installed for file in _recorded(prefix, one)]
    with working_together(jobs()) as pool:
        equal = list(pool.map(lambda row: _is_equal(row[1], row[2]), files))
    found: dict[str, list[str]] = {}
    for (package, path, _), same in zip(files, equal, strict=True):
        if not same:
            found.setdefault(package, []).append(path.relative_to(prefix.root).as_posix())
    return found


def _recorded(prefix: Prefix, installed: Installed) -> Iterator[tuple[Path, str]]:
    """Yield (path, digest) of the included files that have a digest."""
    for file in installed.files:
        path = prefix.place(file.path)
        if file.digest.startswith(ALGORITHM) and path is not None:
            yield prefix.root / path, file.digest.removeprefix(ALGORITHM)


def _is_equal(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == digest.rstrip("=")
