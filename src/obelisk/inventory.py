"""The components of one executable, from what it is made of."""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from obelisk.collect.fallbacks import archive_of
from obelisk.components import pinned
from obelisk.components.bundled import CodeFile
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.inventory import Included, Inventory, Library, take_inventory
from obelisk.components.known import known
from obelisk.components.locks import Archive
from obelisk.components.packages import Described, describe, describe_copy, environment
from obelisk.components.pinned import COMPILER_RT
from obelisk.distribution import components
from obelisk.distribution.distribution import Distribution
from obelisk.link.link import Objects
from obelisk.model import COMMANDS, LIBRARY_FOLDER, LOADER, Collection, Package
from obelisk.plan import Plan
from obelisk.recipes import EXTRA_RECIPES, RECIPES
from obelisk.recipes.build import build_extra, build_libraries
from obelisk.runtime.link import Runtime
from obelisk.services.services import Services
from obelisk.toolchain.marks import Mark

_ELF: Final = b"\x7fELF"


@dataclass(frozen=True, slots=True)
class Made:
    """What an executable is made of, besides the runtime and shared objects."""

    plan: Plan
    services: Services
    distribution: Distribution
    collection: Collection
    archives: Mapping[NormalizedName, Archive]
    """Those that distributions of an index were installed from, as far as that is known."""
    said: set[str]
    """What was said already, of this executable or another one of the same application."""

    @property
    def is_shipped(self) -> bool:
        """Whether people get it: training runs one that they do not."""
        return self.collection.first_use_log is None

    def warn(self, text: str) -> None:
        """Warn of what is in it, once."""
        self._say(text, self.services.console.warn)

    def note(self, text: str) -> None:
        """Say what is in it, once."""
        self._say(text, self.services.console.note)

    def _say(self, text: str, aloud: Callable[[str], None]) -> None:
        if self.is_shipped and text not in self.said:
            self.said.add(text)
            aloud(text)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a package installed, as its RECORD lists it."""

    modules: tuple[Path, ...]
    metadata: tuple[Path, ...]
    """Files METADATA: its own, and those of distributions that it carries."""


class Inventories:
    """Those of one application's executables: what several of them are made of is read once."""

    def __init__(self, archives: Mapping[NormalizedName, Archive]) -> None:
        self._archives = archives
        self._said: set[str] = set()
        self._taken: list[tuple[object, Inventory]] = []
        self._records: dict[Path | None, Recorded] = {}

    def made(
        self, plan: Plan, services: Services, distribution: Distribution, collection: Collection
    ) -> Made:
        """Return what one of them is made of."""
        return Made(plan, services, distribution, collection, self._archives, self._said)

    def of(self, made: Made, runtime: Runtime, linked: Objects | None) -> Inventory:
        """Return the components of an executable; what cannot be read of them is a warning."""
        collection = made.collection
        records = [self._record(package) for package in collection.packages]
        has_modules = frozenset(_with_modules(collection, records))
        key = (
            made.is_shipped,
            runtime.path,
            collection.packages,
            collection.natives,
            collection.files,
            has_modules,
        )
        found = next((inventory for other, inventory in self._taken if other == key), None)
        if found is None:
            packages = sorted(_described(made, records), key=lambda one: one.key)
            found = _inventory_of(made, runtime, linked, packages, has_modules)
            self._taken.append((key, found))
        return found

    def _record(self, package: Package) -> Recorded:
        if package.info not in self._records:
            self._records[package.info] = _recorded(package.info)
        return self._records[package.info]


def _inventory_of(
    made: Made,
    runtime: Runtime,
    linked: Objects | None,
    packages: list[Described],
    has_modules: frozenset[str],
) -> Inventory:
    plan, collection, distribution = made.plan, made.collection, made.distribution
    places = {file.path: file.source for file in collection.files}
    included = Included(
        runtime=list(_of_runtime(made, runtime)),
        packages=packages,
        code=_code(collection, linked, distribution, places),
        has_modules=has_modules,
        included={source: path for path, source in places.items()},
        markers=environment(plan.target, plan.python.version),
        built=lambda mark: _of_mark(mark, made.services, distribution),
        loader=LOADER if LOADER in places else None,
    )
    return take_inventory(included, made.warn)


def _described(made: Made, records: Sequence[Recorded]) -> Iterator[Described]:
    included = {file.source for file in made.collection.files}
    for package, recorded in zip(made.collection.packages, records, strict=True):
        archive = made.archives.get(canonicalize_name(package.name)) or archive_of(package)
        found = describe(package, archive, made.warn)
        copies = [describe_copy(info, made.warn) for info in _copies(package, recorded, included)]
        yield replace(found, copies=tuple(copy for copy in copies if copy))


def _of_runtime(made: Made, runtime: Runtime) -> Iterator[Library]:
    distribution, pins = made.distribution, made.services.pins
    texts = _texts(distribution.folder / "licenses") | pinned.toolchain_licenses()
    for one in components.runtime_components(distribution, runtime.sizes, pins):
        yield Library(component=one, texts=texts)
    own, path = pinned.own(), pinned.own_license()
    name = f"LICENSE.{own.name}.txt"
    yield Library(
        component=own if path is None else replace(own, license_texts=(name,)),
        texts={} if path is None else {name: path},
    )


def _texts(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in sorted(folder.iterdir())}


def _of_mark(mark: Mark, services: Services, distribution: Distribution) -> Library:
    """Return a library of ours that a shared object was linked with."""
    texts = pinned.toolchain_licenses()
    if mark.name == COMPILER_RT:
        found = pinned.compiler_rt()
    elif mark.name in pinned.CXX.values():
        found = pinned.cxx(mark.name)
    elif mark.name in RECIPES:
        found = components.library(mark.name, services.pins, distribution.folder)
        texts = _texts(distribution.folder / "licenses")
    elif mark.name in EXTRA_RECIPES:
        folder = build_extra(services, mark.name, build_libraries(services))
        found = components.library(mark.name, services.pins, folder)
        texts = _texts(folder / "licenses")
    else:
        return Library(component=_of_another_obelisk(mark), texts={})
    if found.version != mark.version:
        return Library(component=_of_another_obelisk(mark), texts={})
    return Library(component=found, texts=texts)


def _of_another_obelisk(mark: Mark) -> Component:
    """Return what is known of a library in a shared object that an older Obelisk built."""
    table = known().get(mark.name)
    purl = pinned.generic(mark.name, mark.version)
    return Component(
        reference=purl,
        kind=Kind.LIBRARY,
        name=mark.name,
        version=mark.version,
        purl=purl,
        cpe=table.cpe_of(mark.version) if table else None,
        license=table.license if table else None,
        license_from="table" if table and table.license else None,
        linkage=Linkage.STATIC,
    )


def _code(
    collection: Collection,
    linked: Objects | None,
    distribution: Distribution,
    places: Mapping[str, Path],
) -> dict[str | None, list[CodeFile]]:
    """Return the files of machine code, by the package that installed them."""
    found: dict[str | None, list[CodeFile]] = {}
    natives = {one.path: (one.package, one.source) for one in collection.natives}
    for node in linked.nodes if linked else ():
        for path in node.names:
            # One that no package brought is the distribution's.
            name = path.removeprefix(f"{LIBRARY_FOLDER}/")
            package, source = natives.get(path, (None, distribution.sysroot / "lib" / name))
            file = CodeFile(path=path, source=source, linkage=Linkage.OBJECT)
            found.setdefault(package, []).append(file)
    for one in collection.packages:
        for program in one.programs:
            path = f"{COMMANDS}/{program}"
            if path in places and _is_elf(places[path]):
                file = CodeFile(path=path, source=places[path], linkage=Linkage.DATA)
                found.setdefault(one.name, []).append(file)
    return found


def _is_elf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_ELF)) == _ELF


def _with_modules(collection: Collection, records: Sequence[Recorded]) -> Iterator[str]:
    """Yield the names of packages that modules in the executable are of."""
    sources = {module.source for module in collection.modules}
    for package, recorded in zip(collection.packages, records, strict=True):
        if not sources.isdisjoint(recorded.modules):
            yield package.name


def _copies(package: Package, recorded: Recorded, included: Container[Path]) -> Iterator[Path]:
    """Yield the folders `*.dist-info` of other distributions that a package installed."""
    for path in sorted(recorded.metadata):
        if path in included and path.parent != package.info:
            yield path.parent


def _recorded(info: Path | None) -> Recorded:
    """Return what a package installed; nothing for one without a RECORD."""
    if info is None or not (info / "RECORD").is_file():
        return Recorded((), ())
    with (info / "RECORD").open(encoding="utf-8", errors="replace", newline="") as stream:
        paths = [info.parent / row[0] for row in csv.reader(stream) if row]
    return Recorded(
        tuple(path for path in paths if path.name.endswith(".py")),
        tuple(path for path in paths if path.match("*.dist-info/METADATA")),
    )
