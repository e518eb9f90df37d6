"""All components of an executable: of its runtime, of packages, and what these bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import NormalizedName

from obelisk.components.bundled import Bundle, CodeFile, bundle, recognized
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.evidence import evidence_of
from obelisk.components.packages import Described, needs_of
from obelisk.model import LIBRARY_FOLDER, LICENSES, DataFile
from obelisk.toolchain.marks import Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """A component with its license files, by the names that it has for them."""

    component: Component
    texts: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True, slots=True)
class Included:
    """What goes into an executable."""

    runtime: Sequence[Library]
    """The interpreter and what is linked with it."""
    packages: Sequence[Described]
    code: Mapping[str | None, Sequence[CodeFile]]
    """Shared objects and programs, by the package that installed them."""
    has_modules: frozenset[str]
    """Names of packages that modules are of."""
    included: Mapping[Path, str]
    """Paths in the executable of files on disk."""
    markers: Mapping[str, str]
    """What environment markers are evaluated with."""
    built: Callable[[Mark], Library]
    """Returns a library of ours by its mark in a shared object."""
    loader: str | None = None
    """The path of musl's dynamic linker, where that is included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """The components of an executable, and the license files to add for them."""

    components: tuple[Component, ...]
    """By their references."""
    licenses: tuple[DataFile, ...]


def take_inventory(included: Included, warn: Callable[[str], None]) -> Inventory:
    """Return all components, each with a reference of its own."""
    making = _Making(included, warn)
    for library in included.runtime:
        making.add_library(library)
    making.add_packages()
    making.add_others()
    return making.inventory()


class _Making:
    """An inventory while it is made."""

    def __init__(self, included: Included, warn: Callable[[str], None]) -> None:
        self._included = included
        self._warn = warn
        self._found: dict[str, Component] = {}
        self._licenses: dict[str, DataFile] = {}
        self._marks: dict[Mark, str] = {}
        """References of components by the marks in their objects."""

    def inventory(self) -> Inventory:
        """Return it."""
        return Inventory(
            components=tuple(self._found[reference] for reference in sorted(self._found)),
            licenses=tuple(self._licenses[path] for path in sorted(self._licenses)),
        )

    def add_library(self, library: Library) -> str:
        """Add a library of ours; return its reference."""
        texts = [
            self._license(name, library.texts[name])
            for name in library.component.license_texts
            if name in library.texts
        ]
        component = replace(library.component, license_texts=tuple(texts))
        files = (self._included.loader,) if component.name == "musl" else ()
        component = replace(component, files=tuple(filter(None, files)))
        reference = self._add(component, "")
        if component.version is not None:
            self._marks.setdefault(Mark(component.name, component.version), reference)
        return reference

    def add_packages(self) -> None:
        """Add the packages, and what they bring."""
        packages = self._included.packages
        keys = {one.key for one in packages}
        references = {one.key: self._add(self._of_package(one), one.key) for one in packages}
        needs = needs_of(packages, self._included.markers)
        for one in packages:
            files = self._included.code.get(one.package.name, ())
            found = bundle(one, files, keys, self._warn)
            brought = self._add_bundle(found, one.key, references[one.key])
            brought += self._add_copies(one, references[one.key])
            self._need(references[one.key], (references[need] for need in needs[one.key]))
            self._need(references[one.key], brought)
            self._set_files(references[one.key], found.files)

    def add_others(self) -> None:
        """Add shared objects of no package: libraries of ours, of the application, or unknown."""
        for file in self._included.code.get(None, ()):
            evidence = evidence_of(file.source)
            marks = [mark for mark in evidence.marks if file.path.startswith(LIBRARY_FOLDER)]
            if marks:
                for mark in marks:
                    self._set_files(self._marked(mark), (file.path,))
            else:
                self._add(recognized(file), "")

    def _of_package(self, one: Described) -> Component:
        name = one.package.name
        code = self._included.code.get(name, ())
        linkage = Linkage.DATA
        if any(file.linkage == Linkage.OBJECT for file in code):
            linkage = Linkage.OBJECT
        elif name in self._included.has_modules:
            linkage = Linkage.BYTECODE
        return Component(
            reference=one.purl,
            kind=Kind.PACKAGE,
            name=name,
            version=one.package.version,
            purl=one.purl,
            license=one.license,
            license_from=one.license_from,
            license_texts=tuple(self._texts(one)),
            sha256=one.sha256,
            origin=one.origin,
            linkage=linkage,
            told_by="metadata",
        )

    def _texts(self, one: Described) -> Iterator[str]:
        for name, source in one.license_files:
            path = self._included.included.get(source)
            yield path or self._license(f"{one.key}/{name.removeprefix('licenses/')}", source)

    def _add_bundle(self, found: Bundle, key: NormalizedName, package: str) -> list[str]:
        """Add what a package brings; return its references."""
        references = [
            self._add(replace(one, part_of=package, needs=()), key) for one in found.components
        ]
        for one, reference in zip(found.components, references, strict=True):
            self._need(reference, (references[int(place)] for place in one.needs))
        marked = []
        for mark, path in found.marks:
            marked.append(self._marked(mark))
            self._set_files(marked[-1], (path,))
        return [*references, *marked]

    def _add_copies(self, one: Described, package: str) -> list[str]:
        """Add the distributions that a package carries copies of; return their references."""
        linkage = self._found[package].linkage
        return [
            self._add(replace(self._of_package(copy), part_of=package, linkage=linkage), one.key)
            for copy in one.copies
        ]

    def _marked(self, mark: Mark) -> str:
        """Return the reference of a library of ours that was linked into a shared object."""
        if mark not in self._marks:
            self._marks[mark] = self.add_library(self._included.built(mark))
        return self._marks[mark]

    def _license(self, name: str, source: Path) -> str:
        path = f"{LICENSES}/{name}"
        self._licenses[path] = DataFile(path=path, source=source)
        return path

    def _add(self, component: Component, owner: str) -> str:
        """Add a component under a reference that no other has, and return that."""
        names = [component.reference, f"{component.reference}#{owner}"]
        count = 1
        while names[0] in self._found:
            names.pop(0)
            count += 1
            names.append(f"{component.reference}#{owner}-{count}")
        self._found[names[0]] = replace(component, reference=names[0])
        return names[0]

    def _need(self, reference: str, needs: Iterable[str]) -> None:
        one = self._found[reference]
        found = tuple(sorted({*one.needs, *needs} - {reference}))
        self._found[reference] = replace(one, needs=found)

    def _set_files(self, reference: str, files: Iterable[str]) -> None:
        one = self._found[reference]
        self._found[reference] = replace(one, files=tuple(sorted({*one.files, *files})))
