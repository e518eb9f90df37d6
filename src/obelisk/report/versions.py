"""The versions of what an executable lists, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from obelisk.components.component import components_of
from obelisk.distribution.versions import PREFIX, major_minor

_PINNED: Final = "pin"
_INTERPRETER: Final = "cpython"


def versions(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the version of everything in an executable, and of the Obelisk that built it.

    What is there twice has both versions.
    """
    found: dict[str, set[str]] = {"obelisk": {str(manifest.get("obelisk", "unknown"))}}
    for name, version, _ in _listed(manifest):
        found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(texts)) for name, texts in found.items()}


def pinned_versions(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (name of a pin, version) of what was built from pinned sources."""
    own = f"{PREFIX}{major_minor(str(manifest.get('python', '')))}"
    return [
        (own if name == _INTERPRETER else name, version)
        for name, version, is_pinned in _listed(manifest)
        if is_pinned
    ]


def _listed(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield name, version and whether it is of a pin."""
    if "components" in manifest:
        for one in components_of(dict(manifest)):
            yield one.name, one.version or "unknown", one.told_by == _PINNED
        return
    for key in ("libraries", "packages"):  # what manifests listed before they had components
        for row in manifest.get(key, ()):
            yield str(row["name"]), str(row["version"]), key == "libraries"
