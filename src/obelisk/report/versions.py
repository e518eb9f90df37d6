"""The versions of what an executable lists, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from obelisk.components.component import Kind
from obelisk.components.listed import listed
from obelisk.distribution.versions import PREFIX, major_minor

_PINNED: Final = "pin"
_UNKNOWN: Final = "unknown"


def versions(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the version of everything in an executable, and of the Obelisk that built it.

    What is there twice has both versions.
    """
    found: dict[str, set[str]] = {"obelisk": {str(manifest.get("obelisk", _UNKNOWN))}}
    for one in listed(manifest):
        found.setdefault(one.name, set()).add(one.version or _UNKNOWN)
    return {name: ", ".join(sorted(texts)) for name, texts in found.items()}


def pinned_versions(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (name of a pin, version) of what was built from pinned sources."""
    own = f"{PREFIX}{major_minor(str(manifest.get('python', '')))}"
    return [
        (own if one.kind is Kind.INTERPRETER else one.name, one.version or _UNKNOWN)
        for one in listed(manifest)
        if one.told_by == _PINNED
    ]
