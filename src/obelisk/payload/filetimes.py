"""The times of the files in an executable: reproducible, and different when content differs.

Web servers tell a changed file by its time and size, archives record times. A build reads no clock:
a file's time is made from what is in it, and from `SOURCE_DATE_EPOCH` where that is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from obelisk.errors import ConfigError
from obelisk.model import ancestors
from obelisk.payload.content import Content, hash_content

VARIABLE: Final = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""
EARLIEST: Final = 315_705_600
"""1980-01-03T00:00Z: zip archives know no time before 1980, in whatever zone it is read."""
_LATEST: Final = 4_354_646_400
"""2107-12-30T00:00Z: nor a later year."""
_RANGE: Final = 1 << 28
"""Seconds that times without `SOURCE_DATE_EPOCH` are spread over: until July 1988."""
_SECOND: Final = 10**9


def source_date_epoch(environ: Mapping[str, str]) -> int | None:
    """Return the seconds of `SOURCE_DATE_EPOCH`, not before `EARLIEST`; None when it is not set.

    Raises `ConfigError` when it is no such number.
    """
    text = environ.get(VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < len(str(_SECOND * _SECOND))):
        message = f"invalid `{VARIABLE}`: `{text[:40]}` is not a number of seconds since 1970"
        raise ConfigError(message, hint=f"use `{VARIABLE}=$(git log -1 --pretty=%ct)`, or unset it")
    if int(text) > _LATEST:
        message = f"invalid `{VARIABLE}`: `{text}` is after the year 2107"
        raise ConfigError(message, hint="the value is in seconds, not milliseconds")
    return max(int(text), EARLIEST)


def content_time(data: Content, epoch: int | None) -> int:
    """Return the time of a file with this content, in nanoseconds.

    Another content has another time: in its nanoseconds, and without `epoch` in its seconds too.
    """
    digest = hash_content(data)
    seconds = EARLIEST + (digest >> 32) % _RANGE if epoch is None else epoch
    return seconds * _SECOND + digest % _SECOND


def folder_times(files: Iterable[tuple[str, int]], epoch: int | None) -> dict[str, int]:
    """Return the time of each folder above these files: that of the newest file in it."""
    newest: dict[str, int] = {}
    for path, time in files:
        for folder in ancestors(path, "/"):
            newest[folder] = max(newest.get(folder, default_time(epoch)), time)
    return newest


def default_time(epoch: int | None) -> int:
    """Return the time of what has no content."""
    return (EARLIEST if epoch is None else epoch) * _SECOND
