"""The order of versions, as C libraries number releases: 1.0.2u, 3.0.0-alpha1, 6.5+20250216."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r"([0-9]+)|([a-z]+)|[^0-9a-z]+")
_BEFORE: Final = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "pre": 3, "preview": 3}
_BEFORE_ALSO: Final = {"rc": 4, "c": 4}
_PRE: Final = _BEFORE | _BEFORE_ALSO
"""Words that stand for something before the release, in their order."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_Part = tuple[int, int, str] | tuple[int, int]
_END: Final = (1, 0, "")


def version_key(text: str) -> tuple[_Part, ...]:
    """Return what versions are sorted by: numbers, each with the letters that follow it, an end.

    What separates numbers is all one. Zeros at the end of a release count nothing. Raises
    `ValueError` for what is no version.
    """
    tokens = list(_TOKEN.finditer(text.casefold().removeprefix("v")))
    if not tokens or tokens[0][1] is None or _COMMIT.fullmatch(text):
        message = f"`{text}` is not a number of a release"
        raise ValueError(message)
    key: list[_Part] = []
    for position, token in enumerate(tokens):
        number, word = token[1], token[2]
        following = tokens[position + 1][1] if position + 1 < len(tokens) else None
        joined = position > 0 and tokens[position - 1][1] is not None
        if number is not None:
            key.append((1, int(number), ""))
        elif word is not None and word in _PRE and (len(word) > 1 or following is not None):
            _drop_zeros(key)
            key.append((0, _PRE[word]))
        elif word is not None and joined:
            key[-1] = (1, int(tokens[position - 1][1] or 0), word)
        elif word is not None:
            key.append((1, 0, word))
    _drop_zeros(key)
    return (*key, _END)


def sort_key(text: str) -> tuple[_Part, ...]:
    """Return the same, and for what is no version a key before all others."""
    try:
        return version_key(text)
    except ValueError:
        return ()


def _drop_zeros(key: list[_Part]) -> None:
    while key and key[-1] == _END:
        key.pop()


def series(version: str) -> tuple[str, ...]:
    """Return the first two numbers of a version, by which most sources name what they maintain."""
    return tuple(re.findall(r"\d+", version)[:2])
