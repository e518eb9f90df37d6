"""How far the copyleft of a license reaches; the table is data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Final

from obelisk.components.expressions import Expression, Term, judged, listed


class Reach(IntEnum):
    """What must be under the same license, or replaceable: each includes those before it."""

    NONE = 0
    FILE = 1
    """Changes to its own files."""
    LIBRARY = 2
    """The library, which the recipient must be able to replace."""
    PROGRAM = 3
    """The whole program."""
    NETWORK = 4
    """The whole program, also for those who use it over a network."""


_NAMES: Final = {
    "network": Reach.NETWORK,
    "program": Reach.PROGRAM,
    "library": Reach.LIBRARY,
    "file": Reach.FILE,
}
_CATEGORIES: Final = {"Copyleft": Reach.PROGRAM, "Copyleft Limited": Reach.LIBRARY}


def reach(expression: Expression) -> Reach:
    """Return how far the copyleft of an expression reaches; of a choice, the least."""
    return Reach(judged(expression, _of_term))


def permits_linking(exception: str | None) -> bool:
    """Return whether an exception lets a program of any license be linked to the library."""
    return exception is not None and matches_any(exception, _table()["linking-exceptions"])


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name matches one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _of_term(term: Term) -> Reach:
    if permits_linking(term.exception):
        return Reach.NONE
    for name, found in _NAMES.items():
        if matches_any(term.license, _table()[name]):
            return found
    return _CATEGORIES.get(listed().licenses.get(term.license, ""), Reach.NONE)


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    path = files("obelisk") / "data/licenses/copyleft.toml"
    return {
        name: tuple(patterns)
        for name, patterns in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }
