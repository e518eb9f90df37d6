"""The pipeline in its order: the only module that knows all stages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.collect.collect import Gathered, collect, gather
from obelisk.collect.launcher import entry_modules, main_modules
from obelisk.collect.loader import with_loader
from obelisk.collect.provide import Provided
from obelisk.collect.read import Tree, read_tree
from obelisk.compile.bytecode import Compiled
from obelisk.compile.dictionaries import obtain_dictionaries
from obelisk.compile.frames_kept import KeptFrames, with_packages
from obelisk.compile.kept import package_bytecode
from obelisk.compile.stdlib import stdlib_bytecode
from obelisk.config.recipe import Recipe
from obelisk.config.settings import Compression
from obelisk.config.training import parse_commands, parse_requests
from obelisk.distribution.distribution import Distribution, obtain_distribution
from obelisk.distribution.test_suite import obtain_tests
from obelisk.errors import CollectError
from obelisk.installations import Installations
from obelisk.inventory import Inventories
from obelisk.licenses.check import permitted
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import Objects, link, link_objects, unlinked_objects
from obelisk.link.pe.appearance import appearance_of
from obelisk.model import (
    LIBRARY_FOLDER,
    Bytecode,
    Collection,
    DataFile,
    Layout,
    ModuleUnits,
    SharedObjectFile,
)
from obelisk.output import refuse_input, writable_place
from obelisk.pack.first_use import recorded, train, write_record
from obelisk.pack.frames import Frames
from obelisk.pack.pack import Facts, pack
from obelisk.pack.recipe import recipe_of
from obelisk.payload.stored import Dictionaries
from obelisk.plan import Plan, groups
from obelisk.relink.write import Relinkable, write_folder
from obelisk.runtime.link import Runtime, RuntimeOptions, obtain_runtime
from obelisk.services.atomic import draft_beside
from obelisk.services.disk import require_space
from obelisk.services.services import Services
from obelisk.snapshot.snapshot import Linking, require_python, take, training_of, unknown
from obelisk.starts import first_use, imported_by, neighbours, units_of
from obelisk.trim.trim import Kept, without_unused
from obelisk.verify.verify import require_sound, smoke_test


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """An executable that was built and verified."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    seconds: float
    packages: tuple[tuple[str, str], ...]
    """(name, version) of what is installed in it."""
    uncompiled: tuple[tuple[str, str], ...]
    """Those of them that are pure Python here, and compiled where libc is glibc."""


def build_all(
    plans: Sequence[Plan],
    services: Services,
    outputs: Sequence[Path],
    installations: Installations | None = None,
) -> Iterator[Built]:
    """Build executables, each at its output; leave what is there on failure.

    What they have in common is made once; `installations` has what was installed before. Raises an
    `ObeliskError` of the stage that failed.
    """
    paths = [
        writable_place(output, plan, services.cache.root)
        for plan, output in zip(plans, outputs, strict=True)
    ]
    with services.cache.scratch("build") as work:
        installations = installations or Installations(work, lambda _: services)
        started = time.monotonic()
        for number, group in enumerate(groups(plans)):
            own = replace(services, pins=group[0].pins)
            shared = _share(group, own, installations, work / f"shared-{number}")
            for plan, collection in zip(group, shared.collections, strict=True):
                position = plans.index(plan)
                folder = work / str(position)
                folder.mkdir()
                job = _Job(plan=plan, services=own, shared=shared, work=folder)
                yield _build(job, collection, paths[position], started)
                started = time.monotonic()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shared:
    """What the executables of one application have in common."""

    distribution: Distribution
    collections: tuple[Collection, ...]
    """What goes into each of them."""
    bytecodes: tuple[Bytecode, ...]
    """Of all modules and main programs, of all of them."""
    dictionaries: Dictionaries
    """What compressed modules refer to."""
    units: list[ModuleUnits]
    """What modules import at a start, where that decides what is compressed."""
    runtimes: dict[RuntimeOptions, Runtime]
    linked: dict[Path, Objects | None]
    """Shared objects, by the runtime that they were linked to."""
    provided: Provided
    """What is installed."""
    inventories: Inventories
    own_sources: list[Path]
    """What goes in and is no entry of the cache, such as modules beside a script."""

    def bytecodes_of(self, collection: Collection) -> list[Bytecode]:
        """Return those that are not the main program of another executable."""
        others = {other.main for other in self.collections} - {collection.main}
        known = {module.path for module in collection.modules}
        return [
            one
            for one in self.bytecodes
            if one.module.path in known or one.module.path not in others
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """Building one executable, in a folder of its own."""

    plan: Plan
    services: Services
    shared: _Shared
    work: Path

    @property
    def distribution(self) -> Distribution:
        """What it is linked from."""
        return self.shared.distribution


def _share(
    plans: Sequence[Plan], services: Services, installations: Installations, work: Path
) -> _Shared:
    """Install, collect and compile for plans that differ in nothing but what is run."""
    work.mkdir()
    plan, console = plans[0], services.console
    distribution = obtain_distribution(services, plan.python)
    with console.step(f"Installing {plan.name}"):
        provided = installations.provide(plan, services, distribution, work)
    with console.step(f"Collecting {plan.name}"):
        base = Layout.of(plan.python.version).stdlib
        stdlib = read_tree(distribution.stdlib, base=base, from_stdlib=True)
        tests = _tests(plan, services, distribution)
        python = distribution.host_python
        gathered = gather(plan, console, python, provided, (stdlib, tests), work)
        gathered = _with_data(gathered, services)
        collections = tuple(collect(one, gathered) for one in plans)
    with console.step(f"Compiling {len(gathered.modules)} modules"):
        own = [one for one in gathered.modules if not one.from_stdlib]
        own += main_modules(collections, work, plan.target.executable_suffix)
        cache, key, optimize = services.cache, distribution.key, plan.settings.optimize
        compiled = package_bytecode(cache, key, own, python=python, optimize=optimize)
        _report_refused(compiled, collections, plan, services)
        of_stdlib = stdlib_bytecode(cache, key, stdlib[0], python=python, optimize=optimize)
        wanted = {module.path for module in gathered.modules if module.from_stdlib}
        kept = [one for one in of_stdlib if one.module.path in wanted]
    bytecodes = (*compiled.bytecodes, *kept)
    return _Shared(
        distribution=distribution,
        collections=collections,
        bytecodes=bytecodes,
        dictionaries=_dictionaries(plan, services, distribution, of_stdlib, bytecodes),
        units=units_of(plan, services.cache, bytecodes, python=distribution.host_python),
        runtimes={},
        linked={},
        provided=provided,
        inventories=Inventories(provided.known_archives),
        own_sources=_own_sources(gathered, services.cache.root),
    )


def _build(job: _Job, collection: Collection, output: Path, started: float) -> Built:
    plan, services = job.plan, job.services
    refuse_input(output, job.shared.own_sources)
    if plan.settings.snapshot:
        require_python(collection.entry)
    bytecodes = job.shared.bytecodes_of(collection)
    with services.console.step("Following imports"):
        kept = without_unused(plan, services, collection, bytecodes, job.distribution)
    if job.distribution.loader is not None:
        collection = with_loader(kept.collection, job.distribution.loader)
        kept = replace(kept, collection=collection)
    trained = _trained(job, kept)
    runtime = _runtime(job, kept)
    with services.console.step("Packing and linking"):
        recipe = recipe_of(plan, job.shared.provided.lock, trained)
        linking = _linking(job, kept, trained, runtime, recipe)
        image = linking(None)
    if plan.settings.snapshot:
        with services.console.step("Taking the snapshot"):
            modules = [one.module for one in kept.bytecodes]
            for name in unknown(plan.settings.snapshot_exclude, _names(kept, job.distribution)):
                services.console.warn(f"`{name}` in `snapshot-exclude` is not in the executable")
            training = training_of(plan, trained, modules, kept.collection.main)
            image = linking(take(plan, linking, runtime, training, job.work, services.console))
    require_space(output.parent, image.size, f"writing {output}")
    with services.console.step("Verifying"), draft_beside(output, mode=0o777) as draft:
        with draft.open("wb") as file:
            image.write(file)
        sha256 = require_sound(draft)
        _smoke_test(job, draft)
    if plan.relinkable is not None:
        natives = _natives(plan, kept.collection, job.distribution)
        options = kept.runtime_options(plan.settings)
        write_folder(Relinkable(job.distribution, options, natives), plan, output, services)
    return Built(
        path=output,
        size=image.size,
        sha256=sha256,
        seconds=time.monotonic() - started,
        packages=tuple((one.name, one.version) for one in collection.packages),
        uncompiled=job.shared.provided.uncompiled,
    )


def _names(kept: Kept, distribution: Distribution) -> set[str]:
    """Return the names of modules in an executable."""
    names = {name for one in kept.bytecodes for name in one.module.names}
    names |= {one.module for one in kept.collection.natives if one.module}
    return names | {one.name for one in distribution.description.extensions}


def _runtime(job: _Job, kept: Kept, *, recording: bool = False) -> Runtime:
    options = kept.runtime_options(job.plan.settings, recording=recording)
    found = job.shared.runtimes.get(options)
    if found is None:
        found = obtain_runtime(job.services, job.distribution, options)
        job.shared.runtimes[options] = found
    return found


def _linking(
    job: _Job,
    kept: Kept,
    trained: tuple[str, ...] | None,
    runtime: Runtime,
    recipe: Recipe | None = None,
) -> Linking:
    plan, linked = job.plan, job.shared.linked
    content = runtime.path.read_bytes()
    if runtime.path not in linked:
        natives = _natives(plan, kept.collection, job.distribution)
        linked[runtime.path] = link_objects(content, natives, plan.target)
    inventories = job.shared.inventories
    made_of = inventories.made(plan, job.services, job.distribution, kept.collection)
    facts = Facts(
        inventory=permitted(made_of, inventories.of(made_of, runtime, linked[runtime.path])),
        sizes=runtime.sizes,
        left_out=kept.left_out,
        recipe=recipe.to_json() if recipe else b"",
    )
    imported = imported_by(kept.collection, kept.bytecodes, job.shared.units)
    payload = pack(
        plan,
        kept.collection,
        kept.bytecodes,
        facts,
        first_use(plan, kept.collection.main, imported, trained),
        job.shared.dictionaries,
        neighbours=neighbours(plan, imported),
    )
    looks = appearance_of(plan, kept.collection.packages)
    objects, target = linked[runtime.path], plan.target
    return lambda snapshot: link(content, payload, objects, target, snapshot, looks)


def _dictionaries(
    plan: Plan,
    services: Services,
    distribution: Distribution,
    of_stdlib: list[Bytecode],
    bytecodes: Iterable[Bytecode],
) -> Dictionaries:
    """Return what compressed modules refer to, trained on the whole standard library."""
    cache, settings = services.cache, plan.settings
    found = obtain_dictionaries(cache, distribution.key, settings.optimize, lambda: of_stdlib)
    frames = Frames.of(settings.storage.compression, ())
    found = replace(found, level=frames.level)
    if Frames.are_shared(settings):
        return replace(found, kept=KeptFrames(cache, found))
    return with_packages(cache, found, bytecodes, frames.of_modules)


def _trained(job: _Job, kept: Kept) -> tuple[str, ...] | None:
    """Return what training sees, or its record says; None if there is neither."""
    record = job.plan.train_record
    if record is not None and os.path.lexists(record):
        return recorded(record, kept.collection, job.services.console.warn)
    if not job.plan.settings.train:
        return None
    with job.services.console.step(f"Training {job.plan.name}"):
        keys = _train(job, kept)
    if record is not None:
        write_record(keys, record)
    return keys


def _train(job: _Job, kept: Kept) -> tuple[str, ...]:
    settings = job.plan.settings
    runs, requests = parse_commands(settings.train), parse_requests(settings.train_requests)
    runtime = _runtime(job, kept, recording=True)
    folder = job.work / "training"
    folder.mkdir()
    executable, log = folder / job.plan.name, job.work / "first-use"
    logging = replace(kept, collection=replace(kept.collection, first_use_log=log))
    if Frames.are_shared(settings):
        unpacked = replace(settings, compression=Compression.OFF)  # it is thrown away
        job = replace(job, plan=replace(job.plan, settings=unpacked))
    image = _linking(job, logging, (), runtime)(None)
    with executable.open("wb") as file:
        image.write(file)
    executable.chmod(0o755)
    return train(executable, runs, requests=requests, folder=job.plan.folder, log=log)


def _tests(plan: Plan, services: Services, distribution: Distribution) -> Tree:
    """Return CPython's own tests if they are to go in."""
    if not plan.has_tests:
        return [], []
    base = Layout.of(plan.python.version).stdlib
    return read_tree(obtain_tests(services, distribution), base=base)


def _own_sources(gathered: Gathered, cache: Path) -> list[Path]:
    placed = (*gathered.modules, *gathered.files, *gathered.natives)
    return [one.source for one in placed if not one.source.is_relative_to(cache)]


def _with_data(gathered: Gathered, services: Services) -> Gathered:
    """Turn shared objects that cannot be linked in, and that nothing loads, into data."""
    found = unlinked_objects(gathered.natives, services.target)
    for file, reason in found:
        message = f"not linked in, included as a file only: {reason}"
        services.console.warn(f"{message}; to exclude it: `--exclude {file.relative}`")
    data = [DataFile(path=file.path, source=file.source, base=file.base) for file, _ in found]
    natives = [one for one in gathered.natives if all(one is not file for file, _ in found)]
    return replace(gathered, natives=tuple(natives), files=(*gathered.files, *data))


def _natives(plan: Plan, collection: Collection, distribution: Distribution) -> SharedObjects:
    """Return what is linked in; the distribution has libraries that wheels may expect."""
    provided = {
        name: SharedObjectFile(
            path=f"{LIBRARY_FOLDER}/{name}",
            source=distribution.sysroot / "lib" / name,
            package=None,
        )
        for name in plan.provided_libraries
    }
    return SharedObjects(files=collection.natives, provided=provided, abi=plan.abi)


def _report_refused(
    compiled: Compiled, collections: Sequence[Collection], plan: Plan, services: Services
) -> None:
    names = {name for one in collections for name in entry_modules(one.entry)}
    paths = {collection.main for collection in collections}
    for module, reason in compiled.refused:
        if module.path in paths or names.intersection(module.names):
            version = plan.python.version
            message = f"cannot compile {module.source} with Python {version}: {reason}"
            raise CollectError(message)
        if module.is_sourceless:
            services.console.warn(f"excluding {module.name} ({module.source.name}): {reason}")
        else:
            services.console.detail(f"not compiled: {module.path}: {reason}")


def _smoke_test(job: _Job, draft: Path) -> None:
    arguments, target = job.plan.settings.smoke_test, job.plan.target
    if arguments:
        folder = job.work / "smoke"
        folder.mkdir()
        # It runs in a folder of its own, so its path is made absolute.
        if not smoke_test(draft.absolute(), arguments, target, folder):
            job.services.console.note(f"no smoke test: {target.triple} does not run here")
