"""Comparing versions: by PEP 440, by Semantic Versioning, or as C libraries number releases."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, assert_never

import semver
from packaging.version import Version

_LONGEST: Final = 200
"""Characters; no version comes near, and numbers of thousands of digits take long to read."""
_TOKEN: Final = re.compile(r"([0-9]+)|([a-z]+)|[^0-9a-z]+")
_BEFORE: Final = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "pre": 3, "preview": 3}
_BEFORE_ALSO: Final = {"rc": 4, "c": 4}
_PRE: Final = _BEFORE | _BEFORE_ALSO
"""Words that stand for something before the release, in their order."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_END: Final = (1, 0, "")


class Scheme(StrEnum):
    """How versions are ordered."""

    PEP440 = "PEP 440"
    SEMVER = "SemVer"
    GENERIC = "generic"
    """Numbers, with letters after them: 1.0.2u, 3.0.0-alpha1, 6.5+20250216."""


def compare(scheme: Scheme, version: str, bound: str) -> int:
    """Return -1, 0 or 1: `version` is before, at or after `bound`, which an advisory names.

    A local version (1.0+cpu) is a build of its public one, unless the bound is local as well.
    Raises `ValueError` for what is no version.
    """
    left, right = parse(scheme, version), parse(scheme, bound)
    if scheme is Scheme.PEP440 and right.local is None and left.local is not None:
        left = parse(scheme, left.public)
    return int(left > right) - int(left < right)


@lru_cache(maxsize=1 << 16)
def parse(scheme: Scheme, text: str) -> Any:  # noqa: ANN401 - each scheme has its own
    """Return what sorts as the version does; raise `ValueError` for what is no version."""
    if len(text) > _LONGEST:
        message = f"version of {len(text)} characters"
        raise ValueError(message)
    match scheme:
        case Scheme.PEP440:
            return Version(text)
        case Scheme.SEMVER:
            return semver.Version.parse(text.removeprefix("v"), optional_minor_and_patch=True)
        case Scheme.GENERIC:
            return _generic(text)
        case _:
            assert_never(scheme)


def untagged(tag: str, names: frozenset[str]) -> str:
    """Return the version in a tag such as `openssl-3.0.1`, `OpenSSL_1_1_1k` or `v1.2.11`."""
    text = tag.casefold()
    for name in sorted(names, key=len, reverse=True):
        if text.startswith(name) and text != name:
            text = text.removeprefix(name)
            break
    return re.sub(r"^[^0-9]+", "", text)


def _generic(text: str) -> tuple[tuple[int, int, str] | tuple[int, int], ...]:
    """Return a key: numbers, each with the letters that follow it, and an end.

    What separates numbers is all one. Zeros at the end of a release count nothing.
    """
    tokens = list(_TOKEN.finditer(text.casefold().removeprefix("v")))
    if not tokens or tokens[0][1] is None or _COMMIT.fullmatch(text):
        message = f"`{text}` is not a number of a release"
        raise ValueError(message)
    key: list[tuple[int, int, str] | tuple[int, int]] = []
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


def _drop_zeros(key: list[tuple[int, int, str] | tuple[int, int]]) -> None:
    while key and key[-1] == _END:
        key.pop()
