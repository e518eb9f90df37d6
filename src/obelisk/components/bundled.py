"""What the wheel of a package brings besides its own code: libraries and crates.

Its own documents tell first, then the crates that compilers listed in its files; libraries that
nothing tells of are recognized by file name and by texts (`data/libraries.toml`). One that is not
recognized keeps its name, without a version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from obelisk.components import known
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.declared import Declared, read_declared
from obelisk.components.evidence import Evidence, evidence_of
from obelisk.components.known import Known
from obelisk.components.packages import Described
from obelisk.components.pinned import generic
from obelisk.toolchain.marks import Mark

_LIBS: Final = ".libs"
"""How names of folders end that auditwheel copies libraries into."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeFile:
    """A file of machine code in the executable."""

    path: str
    source: Path
    linkage: Linkage
    """Of a library that the whole file is."""

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A package's own files, and what it brings besides."""

    files: tuple[str, ...]
    components: tuple[Component, ...]
    """Without unique references; their `needs` are positions among them, as text."""
    marks: tuple[tuple[Mark, str], ...]
    """Libraries of ours that were linked into its files, each with the file's path."""


def bundle(
    package: Described,
    files: Iterable[CodeFile],
    installed: Collection[str],
    warn: Callable[[str], None],
) -> Bundle:
    """Return what a package brings; `installed` are the canonical names of all packages."""
    making = _Making(package, warn)
    files = sorted(files, key=lambda file: file.path)
    making.declare(installed, has_code=bool(files))
    for file in files:
        making.add(file)
    return making.bundle()


class _Making:
    """A bundle while it is made."""

    def __init__(self, package: Described, warn: Callable[[str], None]) -> None:
        self._package = package
        self._warn = warn
        self._own: list[str] = []
        self._rows: list[Component] = []
        self._known: list[Known | None] = []
        self._needs: list[set[int]] = []
        self._optional: set[int] = set()
        self._marks: list[tuple[Mark, str]] = []

    def bundle(self) -> Bundle:
        """Return it, without what is optional and in none of the files."""
        kept = [i for i, row in enumerate(self._rows) if row.files or i not in self._optional]
        places = {place: str(number) for number, place in enumerate(kept)}
        rows = [
            replace(
                self._rows[place],
                needs=tuple(places[need] for need in sorted(self._needs[place]) if need in places),
                files=self._files(self._rows[place]),
            )
            for place in kept
        ]
        return Bundle(files=tuple(self._own), components=tuple(rows), marks=tuple(self._marks))

    def _files(self, row: Component) -> tuple[str, ...]:
        """Return the files that a component is in: if nothing tells, the package's only one."""
        alone = self._own if len(self._own) == 1 and row.linkage == Linkage.STATIC else ()
        return tuple(sorted(row.files or alone))

    def declare(self, installed: Collection[str], *, has_code: bool) -> None:
        """Add what the package's documents list, each once."""
        for path in self._package.documents:
            try:
                found = read_declared(path.read_bytes())
            except (OSError, ValueError) as error:
                name = self._package.package.name
                self._warn(
                    f"`{name}` has a bill of materials that is not read: {path.name}: {error}"
                )
                continue
            places = {
                one.reference: self._declared(one, has_code=has_code)
                for one in found
                if not one.is_root and self._is_inside(one, installed)
            }
            self._optional |= {places[one.reference] for one in found if one.is_optional}
            for one in found:
                place = places.get(one.reference)
                if place is not None:
                    needs = {places[need] for need in one.needs if need in places}
                    self._needs[place] |= needs - {place}

    def add(self, file: CodeFile) -> None:
        """Add what is in a file."""
        evidence = evidence_of(file.source)
        for fault in evidence.faults:
            self._warn(f"`{file.path}` of `{self._package.package.name}`: {fault}")
        named, stem = known.of_file(file.name)
        folder = file.path.rpartition("/")[0]
        marked = {mark.name for mark in evidence.marks}
        self._marks += [(mark, file.path) for mark in evidence.marks]
        if named is not None or folder.endswith(_LIBS):
            self._library(file, named, stem, evidence)
        else:
            self._own.append(file.path)
        for name, version in evidence.texts:
            if name not in marked and (named is None or name != named.name):
                self._static(known.known()[name], version, file.path)
        self._crates(evidence, file.path)

    def _is_inside(self, one: Declared, installed: Collection[str]) -> bool:
        """Say whether it is in the wheel, and not the package itself or one that it depends on."""
        if one.kind != "pypi":
            return True
        key = canonicalize_name(one.name)
        url = PackageURL.from_string(one.purl) if one.purl else None
        keys = {key, canonicalize_name(url.name) if url else key}
        wanted = {canonicalize_name(requirement.name) for requirement in self._package.requires}
        return keys.isdisjoint({self._package.key, *wanted, *installed})

    def _declared(self, one: Declared, *, has_code: bool) -> int:
        kinds = {"cargo": Kind.CRATE, "pypi": Kind.PACKAGE}
        kind = kinds.get(one.kind, Kind.LIBRARY)
        linkage = Linkage.STATIC if has_code else Linkage.DATA
        table = known.of_package(one.name) if kind == Kind.LIBRARY else None
        purl = _public(one.purl) or generic(table.name if table else one.name, one.version)
        for place, row in enumerate(self._rows):
            if row.purl == purl:
                return place
        row = Component(
            reference=purl,
            kind=kind,
            name=one.name,
            version=one.version,
            purl=purl,
            cpe=one.cpe or (table.cpe_of(one.version) if table else None),
            license=one.license or (table.license if table else None),
            license_from="sbom" if one.license else "table" if table and table.license else None,
            sha256=one.sha256,
            origin=one.origin,
            linkage=Linkage.BYTECODE if kind == Kind.PACKAGE else linkage,
            told_by="sbom",
        )
        return self._append(row, table)

    def _library(self, file: CodeFile, named: Known | None, stem: str, evidence: Evidence) -> None:
        """Add a shared object that is a library."""
        place = self._place_of(named, {stem, stem.removeprefix("lib")})
        if place is None:
            version, told_by = _version(file.name, named, evidence)
            name = named.name if named else stem
            place = self._append(_of_table(name, version, named, told_by), named)
        row = self._rows[place]
        self._rows[place] = replace(row, linkage=file.linkage, files=(*row.files, file.path))

    def _static(self, library: Known, version: str | None, path: str) -> None:
        """Add a library that a text in a file names."""
        place = self._place_of(library, {library.name})
        if place is None:
            place = self._append(_of_table(library.name, version, library, "text"), library)
        row = self._rows[place]
        self._rows[place] = replace(row, files=tuple({*row.files, path}))

    def _crates(self, evidence: Evidence, path: str) -> None:
        places = []
        for crate in evidence.crates:
            purl = PackageURL("cargo", name=crate.name, version=crate.version).to_string()
            same = (i for i, row in enumerate(self._rows) if _plain(row.purl) == purl)
            place = next(same, None)
            if place is None:
                row = Component(
                    reference=purl,
                    kind=Kind.CRATE,
                    name=crate.name,
                    version=crate.version,
                    purl=purl,
                    linkage=Linkage.STATIC,
                    told_by="cargo-auditable",
                )
                place = self._append(row, None)
            row = self._rows[place]
            self._rows[place] = replace(row, files=tuple({*row.files, path}))
            places.append(place)
        for place, crate in zip(places, evidence.crates, strict=True):
            self._needs[place] |= {places[need] for need in crate.needs} - {place}

    def _place_of(self, library: Known | None, names: Collection[str]) -> int | None:
        """Return where a library is among the rows: by the table, or by one of its names."""
        rows = [i for i, row in enumerate(self._rows) if row.kind == Kind.LIBRARY]
        for place in rows:
            # Packages of Linux distributions have numbers in their names: `libssl3`.
            name = self._rows[place].name
            if name in names or name.rstrip("0123456789") in names:
                return place
        same = (place for place in rows if library and self._known[place] is library)
        return next(same, None)

    def _append(self, row: Component, library: Known | None) -> int:
        self._rows.append(row)
        self._known.append(library)
        self._needs.append(set())
        return len(self._rows) - 1


def recognized(file: CodeFile) -> Component:
    """Return the component that a library of no package is."""
    named, stem = known.of_file(file.name)
    version, told_by = _version(file.name, named, evidence_of(file.source))
    found = _of_table(named.name if named else stem, version, named, told_by)
    kind = Kind.LIBRARY if named else Kind.FILE
    return replace(found, kind=kind, linkage=file.linkage, files=(file.path,))


def _version(name: str, library: Known | None, evidence: Evidence) -> tuple[str | None, str]:
    """Return the version of a shared object that is a library, and what told it."""
    if library is None:
        return None, "soname"
    texts = dict(evidence.texts)
    told = texts.get(library.name) or evidence.own_version
    if told is None and library.compiler_version:
        told = evidence.gcc
    if told is not None:
        return told, "text"
    return (known.version_in_name(name) if library.soname_version else None), "soname"


def _of_table(name: str, version: str | None, library: Known | None, told_by: str) -> Component:
    purl = generic(name, version)
    return Component(
        reference=purl,
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=purl,
        cpe=library.cpe_of(version) if library else None,
        license=library.license if library else None,
        license_from="table" if library and library.license else None,
        linkage=Linkage.STATIC,
        told_by=told_by,
    )


def _public(purl: str | None) -> str | None:
    """Return a package URL without the place on the machine that it was built on."""
    if purl is None:
        return None
    try:
        url = PackageURL.from_string(purl)
    except ValueError:
        return None
    local = [name for name, value in url.qualifiers.items() if value.startswith("file:")]
    if not local:
        return purl
    kept = {name: value for name, value in url.qualifiers.items() if name not in local}
    public = PackageURL(url.type, url.namespace, url.name, url.version, kept, url.subpath)
    return public.to_string()


def _plain(purl: str | None) -> str | None:
    return purl.partition("?")[0].partition("#")[0] if purl else None
