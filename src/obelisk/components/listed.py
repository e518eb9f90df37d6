"""What a manifest lists, also one that an older Obelisk wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from obelisk.components.component import Component, Kind, components_of

_INTERPRETER: Final = "cpython"
_PYTHON: Final = "cpython-"


def listed(manifest: Mapping[str, Any]) -> list[Component]:
    """Return the components of a manifest, of an older one what it tells of them.

    Those had packages, and libraries by pins; what wheels bundle is not in them. Raises
    `VerifyError` for a manifest with neither.
    """
    packages, libraries = manifest.get("packages"), manifest.get("libraries")
    is_old = isinstance(packages, list) and isinstance(libraries, list)
    if "components" in manifest or not is_old:
        return components_of(dict(manifest))
    found = [*_rows(packages, Kind.PACKAGE), *_rows(libraries, Kind.LIBRARY)]
    if all(one.kind is not Kind.INTERPRETER for one in found):
        found += _rows([{"name": f"{_PYTHON}3", "version": manifest.get("python")}], Kind.LIBRARY)
    return sorted({one.reference: one for one in found}.values(), key=lambda one: one.reference)


def _rows(rows: Any, kind: Kind) -> Iterator[Component]:  # noqa: ANN401 - outside data
    for row in rows:
        name, version = (row.get("name"), row.get("version")) if isinstance(row, dict) else (0, 0)
        if not isinstance(name, str) or not name or not isinstance(version, str):
            continue
        is_package = kind is Kind.PACKAGE
        is_python = kind is Kind.LIBRARY and name.startswith(_PYTHON)
        name = canonicalize_name(name) if is_package else _INTERPRETER if is_python else name
        purl = PackageURL("pypi" if is_package else "generic", name=name, version=version)
        yield Component(
            reference=purl.to_string(),
            kind=Kind.INTERPRETER if is_python else kind,
            name=name,
            version=version,
            purl=purl.to_string(),
            told_by="metadata" if is_package else "pin",
        )
