"""The order of versions, whatever their scheme: numbers by value, in the order of their places."""

from __future__ import annotations

import re
from typing import Final

_PART: Final = re.compile(r"\d+|[a-z]+|~")


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return what versions of one source are sorted by.

    A letter after a number comes before its end (`1.0rc1`, `1.0`), but for `post` and single
    letters, as OpenSSL had them (`1.1.1w`).
    """
    parts = [_rank(part) for part in _PART.findall(version.lower())]
    return (*parts, (1, 0, ""))


def _rank(part: str) -> tuple[int, int, str]:
    if part.isdigit():
        return (3, int(part), "")
    is_after = part.startswith("p") or (len(part) == 1 and part not in "ab~")
    return (2 if is_after else 0, 0, part)


def series(version: str) -> tuple[str, ...]:
    """Return the first two numbers of a version, by which most sources name what they maintain."""
    return tuple(re.findall(r"\d+", version)[:2])
