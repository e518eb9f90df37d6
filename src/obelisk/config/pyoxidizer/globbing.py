"""Patterns of files, as Rust's `glob` has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from obelisk.config.pyoxidizer.session import require_path
from obelisk.errors import ConfigError


def matching(folder: Path, pattern: str) -> Iterator[str]:
    """Yield the absolute paths of the files that a pattern matches."""
    whole = PurePosixPath(os.path.normpath(folder / require_path(pattern)))
    # Of the tree that a last `**` names, all files.
    whole = whole / "*" if whole.name == "**" else whole
    if whole == PurePosixPath("/"):
        return
    try:
        for path in Path("/").glob(str(whole.relative_to("/"))):
            if path.is_file():
                yield str(path)
    except (OSError, ValueError) as error:
        message = f"invalid pattern `{pattern}`: {error}"
        raise ConfigError(message) from error
