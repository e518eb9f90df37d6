"""Writing files and folders so that they are there whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft_beside(place: Path, mode: int) -> Iterator[Path]:
    """Give a new file in the folder of `place`; sync it and rename it into place afterwards.

    When the work in it fails, the draft is removed and `place` is as it was.
    """
    number, name = tempfile.mkstemp(prefix=f".{place.name}-", dir=place.parent)
    os.close(number)
    draft = Path(name)
    try:
        draft.chmod(mode)
        yield draft
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        draft.rename(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def draft_folder_beside(place: Path) -> Iterator[Path]:
    """Give a new folder beside `place`, and rename it into place afterwards.

    When the work in it fails or is interrupted, the draft is removed.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    draft.chmod(0o755)
    try:
        yield draft
        draft.rename(place)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
