"""The packages of a lockfile: uv.lock, pylock.toml (PEP 751), or requirements with versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from obelisk.components.component import Component, Kind
from obelisk.config.requirements import read_requirements
from obelisk.config.toml import read_toml, tables_of
from obelisk.errors import ConfigError

_OWN: Final = ("editable", "virtual", "directory", "workspace")
"""Sources of packages that are the user's own, whose names mean nothing on an index."""
_HINT: Final = "pass an executable, a directory, uv.lock, pylock.toml or a requirements file"
_SUFFIXES: Final = (".lock", ".toml", ".txt", ".in")


def is_lock(path: Path) -> bool:
    """Return whether a path names a lockfile rather than an executable."""
    return path.suffix in _SUFFIXES


def read_lock(path: Path) -> list[Component]:
    """Return the packages of a lockfile; raise `ConfigError` for what is none."""
    if path.suffix in (".txt", ".in"):
        return sorted(_of_requirements(path), key=_by_reference)
    table = read_toml(path)
    rows = list(tables_of(table.get("packages" if path.suffix == ".toml" else "package")))
    if not rows and "lock-version" not in table and "version" not in table:
        message = f"{path} is not a lockfile: it lists no packages"
        raise ConfigError(message, hint=_HINT)
    crates = path.name == "Cargo.lock"
    found = {one.reference: one for row in rows for one in _package(row, crates=crates)}
    return sorted(found.values(), key=_by_reference)


def _package(row: dict[str, Any], *, crates: bool) -> Iterator[Component]:
    name, version, source = row.get("name"), row.get("version"), row.get("source")
    own = [row.get(key) for key in _OWN]
    own += [source.get(key) for key in _OWN] if isinstance(source, dict) else []
    if not isinstance(name, str) or not name or any(one is not None for one in own):
        return
    known = version if isinstance(version, str) else None
    yield _crate(name, known) if crates else _distribution(name, known)


def _of_requirements(path: Path) -> Iterator[Component]:
    for line in read_requirements([path], path.absolute().parent).lines:
        text = line.partition(" --hash=")[0]
        if text.startswith("-"):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # a path or URL, which has no version to look up
        exact = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
        version = exact[0] if exact and "*" not in exact[0] else None
        yield _distribution(requirement.name, version)


def _distribution(name: str, version: str | None) -> Component:
    name = canonicalize_name(name)
    return _component(Kind.PACKAGE, "pypi", name, version)


def _crate(name: str, version: str | None) -> Component:
    return _component(Kind.CRATE, "cargo", name, version)


def _component(kind: Kind, purl: str, name: str, version: str | None) -> Component:
    text = PackageURL(type=purl, name=name, version=version).to_string()
    return Component(
        reference=text, kind=kind, name=name, version=version, purl=text, told_by="lock"
    )


def _by_reference(component: Component) -> str:
    return component.reference
