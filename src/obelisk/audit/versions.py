"""Comparing versions: by PEP 440, by Semantic Versioning, or as C libraries number releases."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, assert_never

import semver
from packaging.version import Version

from obelisk.services.versions import version_key

_LONGEST: Final = 200
"""Characters; no version comes near, and numbers of thousands of digits take long to read."""


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
            return version_key(text)
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
