"""Locks that were made for other dependencies than those the application names now.

uv notes in a lock what was asked for. It is compared as text: uv's own check may build the project,
or ask the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from obelisk.config.application import Application, Project, Script
from obelisk.config.toml import read_toml, table_in, tables_of

_OF_EXTRA: Final = "extra =="
_FROM_AN_INDEX: Final = {"name", "specifier", "extras", "marker", "index"}
"""Keys of a requirement in a lock; one with others has a source, for which nothing else counts."""

_Facts = set[tuple[SpecifierSet, frozenset[str]] | None]
"""Version and extras of requirements with one name; None for one that has another source."""


def outdated(lock: Path, application: Application) -> list[str]:
    """Return the names of dependencies that a lock of uv's does not have as they are wanted now."""
    try:
        asked, noted = _asked(application), _noted(read_toml(lock), application)
        wanted = None if asked is None else _of_texts(asked)
        locked = None if noted is None else _of_tables(noted)
    except (InvalidRequirement, InvalidSpecifier):
        return []  # uv says what is wrong with it
    if wanted is None or locked is None:
        return []
    names = sorted(wanted.keys() | locked.keys())
    return [name for name in names if _differ(wanted.get(name), locked.get(name))]


def _differ(wanted: _Facts | None, locked: _Facts | None) -> bool:
    if wanted is None or locked is None:
        return True
    return None not in (*wanted, *locked) and wanted != locked


def _asked(application: Application) -> list[str] | None:
    """Return the requirements of an application; None if only its build backend knows them."""
    if isinstance(application, Script):
        return list(application.dependencies)
    if not isinstance(application, Project):
        return None
    path = application.folder / "pyproject.toml"
    project = table_in(read_toml(path), "project", str(path))
    found = project.get("dependencies", [])
    if "dependencies" in project.get("dynamic", []) or not isinstance(found, list):
        return None
    return [text for text in found if isinstance(text, str)]


def _noted(lock: dict[str, Any], application: Application) -> list[dict[str, Any]] | None:
    """Return the requirements that a lock was made for; None if it does not say."""
    if isinstance(application, Script):
        manifest = lock.get("manifest", {})
        return list(tables_of(manifest.get("requirements"))) if "package" in lock else None
    for package in tables_of(lock.get("package")):
        own = canonicalize_name(application.name) == package.get("name")
        if own and "registry" not in package.get("source", {}):
            found = package.get("metadata", {}).get("requires-dist")
            return [one for one in tables_of(found) if _OF_EXTRA not in one.get("marker", "")]
    return None


def _of_texts(texts: Iterable[str]) -> Mapping[str, _Facts]:
    found: dict[str, _Facts] = {}
    for requirement in map(PackagingRequirement, texts):
        extras = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        facts = None if requirement.url else (requirement.specifier, extras)
        found.setdefault(canonicalize_name(requirement.name), set()).add(facts)
    return found


def _of_tables(tables: Iterable[dict[str, Any]]) -> Mapping[str, _Facts]:
    found: dict[str, _Facts] = {}
    for table in tables:
        facts = SpecifierSet(str(table.get("specifier", ""))), frozenset(table.get("extras", ()))
        known = facts if _FROM_AN_INDEX.issuperset(table) else None
        found.setdefault(str(table.get("name")), set()).add(known)
    return found
