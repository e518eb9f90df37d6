"""By which names advisories know a component; those that both have are where they meet.

A name is a key such as `PyPI:urllib3`, `library:openssl`, `repository:github.com/openssl/openssl`.
C libraries are known under several, by `data/advisory_names.toml` and `data/libraries.toml`. What
distributions say of their own builds of a library (Debian, Alpine ...) does not apply: Obelisk
builds from upstream.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from obelisk.audit.advisory import Affected, packages_of
from obelisk.audit.versions import Scheme
from obelisk.components import known
from obelisk.components.component import Component, Kind

_LANGUAGES: Final = {"pypi": "PyPI", "cargo": "crates.io", "golang": "Go", "npm": "npm"}
"""Types of package URLs whose packages are an ecosystem's of OSV."""
_OF_UPSTREAM: Final = frozenset(
    {"", "oss-fuzz", "bitnami", "conancenter", "vcpkg", "generic", "git", "github"}
)
"""Ecosystems that are about libraries as upstream releases them."""
_PURLS_OF_UPSTREAM: Final = frozenset({"generic", "bitnami", "conan", "github", "vcpkg"})
_DISTRIBUTIONS: Final = frozenset({"apk", "deb", "rpm", "alpm"})
_OF_KIND: Final = {Kind.PACKAGE: "pypi", Kind.CRATE: "cargo"}
_RELEASE: Final = re.compile(r"^(?:[0-9]+:)?(.+?)(?:-[^-]+)?$")
"""A distribution's version: epoch, upstream's version, release."""
_CPE: Final = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^:]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What advisories call a component."""

    keys: frozenset[str]
    scheme: Scheme
    version: str | None
    names: frozenset[str] = frozenset()
    """Names of a C library, as they stand before versions in tags."""
    packages: tuple[tuple[str, str], ...] = ()
    """(ecosystem, name), as OSV's API is asked."""
    distribution: bool = False
    """Whether it is a distribution's build, which may have fixes of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Library:
    """A row of the table."""

    name: str
    names: frozenset[str]
    repositories: tuple[str, ...]
    cpes: tuple[str, ...]


def identify(component: Component) -> Identity:
    """Return what advisories call a component."""
    url = _parse_purl(component.purl)
    kind = url.type if url else _OF_KIND.get(component.kind, "generic")
    name = url.name if url else component.name
    version = (url.version if url else None) or component.version
    if kind in _LANGUAGES:
        return _of_language(kind, url, name, version)
    library = _library(name.casefold())
    keys = {
        f"library:{library.name}",
        *(f"repository:{_repository(one)}" for one in library.repositories),
    }
    keys |= {f"cpe:{one}" for one in (*library.cpes, *_cpe_keys(component.cpe))}
    distribution = kind in _DISTRIBUTIONS
    if distribution and version:
        found = _RELEASE.match(version)
        version = found[1] if found else version
    return Identity(
        keys=frozenset(keys),
        scheme=Scheme.GENERIC,
        version=version,
        names=library.names,
        packages=(
            *(("GIT", f"https://{one}") for one in library.repositories),
            ("OSS-Fuzz", library.name),
        ),
        distribution=distribution,
    )


def keys_of(affected: Affected) -> Iterator[str]:
    """Yield the names of what an advisory is about."""
    ecosystem = (affected.ecosystem or "").partition(":")[0]
    name = affected.name
    if name and ecosystem in _LANGUAGES.values():
        yield f"{ecosystem}:{_written(ecosystem, name)}"
        return
    upstream = ecosystem.casefold() in _OF_UPSTREAM
    if name and upstream:
        yield f"library:{_library(name.casefold()).name}"
        yield f"repository:{_repository(name)}"
    if ecosystem and not upstream:
        return  # a distribution's build, also where it names upstream's repository
    for text in affected.purls:
        url = _parse_purl(text)
        if url and url.type in _PURLS_OF_UPSTREAM:
            yield f"library:{_library(url.name.casefold()).name}"
        elif url and url.type in _LANGUAGES:
            of = _LANGUAGES[url.type]
            yield f"{of}:{_written(of, _full_name(url))}"
    yield from (f"repository:{_repository(one)}" for one in affected.repositories)
    yield from (f"cpe:{key}" for cpe in affected.cpes for key in _cpe_keys(cpe))


def is_about_others(table: object, wanted: frozenset[str]) -> bool:
    """Return whether a JSON value is an advisory about packages of languages that nobody wants.

    Most of a mirror is, and reading it as an advisory would take most of an audit's time.
    """
    packages = packages_of(table)
    if not packages:
        return False
    of = [(ecosystem.partition(":")[0], name) for ecosystem, name in packages]
    known = all(ecosystem in _LANGUAGES.values() for ecosystem, _ in of)
    return known and wanted.isdisjoint(f"{one}:{_written(one, name)}" for one, name in of)


def library_name(name: str) -> str:
    """Return the name in the table of a C library that is known by another one."""
    return _library(name.casefold()).name


def _of_language(kind: str, url: PackageURL | None, name: str, version: str | None) -> Identity:
    ecosystem = _LANGUAGES[kind]
    written = _written(ecosystem, _full_name(url) if url else name)
    return Identity(
        keys=frozenset({f"{ecosystem}:{written}"}),
        scheme=Scheme.PEP440 if kind == "pypi" else Scheme.SEMVER,
        version=version,
        packages=((ecosystem, written),),
    )


def _written(ecosystem: str, name: str) -> str:
    return canonicalize_name(name) if ecosystem == "PyPI" else name


def _full_name(url: PackageURL) -> str:
    return f"{url.namespace}/{url.name}" if url.namespace else url.name


def _parse_purl(text: str | None) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


def _repository(address: str) -> str:
    """Return an address without its scheme and what else differs from database to database."""
    text = address.casefold().strip()
    text = re.sub(r"^(git\+)?[a-z]+://([^/@]*@)?", "", text)
    return text.rstrip("/").removesuffix(".git")


def _cpe_keys(cpe: str | None) -> Iterator[str]:
    found = _CPE.match(cpe or "")
    if found:
        yield f"{found[1]}:{found[2]}".casefold()


@cache
def _library(name: str) -> _Library:
    own = _Library(name=name, names=frozenset({name}), repositories=(), cpes=())
    plain = re.sub(r"^(c?python)-?3\.[0-9]+$", r"\1", name)
    return _libraries().get(plain, own)


@cache
def _libraries() -> dict[str, _Library]:
    """Return the rows of the table by each of their names, with what is known of wheels' copies."""
    text = files("obelisk").joinpath("data/advisory_names.toml").read_text(encoding="utf-8")
    found: dict[str, _Library] = {}
    for name, table in tomllib.loads(text).items():
        _add(found, _row(name, table))
    for library in known.known().values():
        names = frozenset(one.casefold() for one in (library.name, *library.packages))
        cpes = (library.cpe,) if library.cpe else ()
        own = _Library(name=library.name, names=names, repositories=(), cpes=cpes)
        row = found.get(library.name, own)
        _add(found, replace(row, names=row.names | names, cpes=tuple(sorted({*row.cpes, *cpes}))))
    return found


def _add(found: dict[str, _Library], row: _Library) -> None:
    """Add a row by all its names; those of an older state of the row are its own."""
    for name in row.names:
        if name not in found or found[name].name == row.name:
            found[name] = row


def _row(name: str, table: dict[str, Any]) -> _Library:
    return _Library(
        name=name,
        names=frozenset({name, *table.get("names", ())}),
        repositories=tuple(table.get("repositories", ())),
        cpes=tuple(table.get("cpes", ())),
    )
