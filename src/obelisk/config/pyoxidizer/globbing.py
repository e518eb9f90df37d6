"""Patterns of files, as Rust's `glob` has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.config.pyoxidizer.session import Session, require_path
from obelisk.config.starlark.stack import Caller
from obelisk.errors import ConfigError
from obelisk.services.regular import is_regular

_WALK: Final = 20_000
"""Steps of a pattern, besides those for what it matches."""


def matching(session: Session, pattern: str, caller: Caller) -> tuple[str, ...]:
    """Return the absolute paths of the files that a pattern matches, sorted."""

    def look(at: str) -> tuple[str, ...]:
        caller.spend(_WALK)
        return tuple(sorted(_matching(session.folder, at)))

    found: tuple[str, ...] = session.looked("pattern", pattern, look)
    session.found(found, caller)
    return found


def _matching(folder: Path, pattern: str) -> Iterator[str]:
    whole = PurePosixPath(os.path.normpath(folder / require_path(pattern)))
    # Of the tree that a last `**` names, all files.
    whole = whole / "*" if whole.name == "**" else whole
    if whole == PurePosixPath("/"):
        return
    try:
        for path in Path("/").glob(str(whole.relative_to("/"))):
            if is_regular(path):
                yield str(path)
    except (OSError, ValueError) as error:
        message = f"invalid pattern `{pattern}`: {error}"
        raise ConfigError(message) from error
