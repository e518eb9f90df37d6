"""The pipeline in its order: the only module that knows all stages."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.buildenv.environment import Interpreter, obtain_interpreter
from obelisk.collect.collect import collect
from obelisk.collect.launcher import main_module
from obelisk.collect.loader import with_loader
from obelisk.collect.provide import Provided, provide
from obelisk.collect.read import Tree, read_tree
from obelisk.compile.bytecode import Compiled
from obelisk.compile.dictionaries import obtain_dictionaries
from obelisk.compile.following import imported_at_start
from obelisk.compile.frames_kept import with_packages
from obelisk.compile.kept import package_bytecode
from obelisk.compile.stdlib import stdlib_bytecode
from obelisk.config.settings import Compression
from obelisk.distribution.distribution import Distribution, obtain_distribution
from obelisk.distribution.test_suite import TEST_PACKAGE, obtain_tests
from obelisk.errors import CollectError, ConfigError
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.elf.unlinked import unlinked
from obelisk.link.link import Image, link
from obelisk.model import (
    LIBRARY_FOLDER,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Layout,
    Module,
    Multicall,
    ResolvedEntry,
    RunModule,
    RunProgram,
    RunScript,
    ScriptFile,
    SharedObjectFile,
)
from obelisk.output import refuse_input, writable_place
from obelisk.pack.first_use import default_order, parse_commands, read_record, train, write_record
from obelisk.pack.frames import Frames
from obelisk.pack.pack import RuntimeFacts, pack
from obelisk.payload.payload import Table, use_key
from obelisk.payload.stored import Dictionaries
from obelisk.plan import Plan
from obelisk.runtime.link import Runtime, RuntimeOptions, obtain_runtime
from obelisk.services.atomic import draft_beside
from obelisk.services.disk import require_space
from obelisk.services.services import Services
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


def build_all(
    plans: Sequence[Plan], services: Services, outputs: Sequence[Path]
) -> Iterator[Built]:
    """Build the executables of one request, each at its output; leave what is there on failure.

    What they have in common is made once. Raises an `ObeliskError` of the stage that failed.
    """
    _require_own_records(plans)
    places = [
        writable_place(output, plan, services.cache.root)
        for plan, output in zip(plans, outputs, strict=True)
    ]
    with services.cache.scratch("build") as work:
        shared: _Shared | None = None
        for number, (plan, place) in enumerate(zip(plans, places, strict=True)):
            started = time.monotonic()
            if shared is None or not shared.serves(plan):
                shared = _share(plan, services, work / f"shared-{number}")
            yield _build(_Job(plan, services, shared, work / str(number)), place, started)


def _record(plan: Plan) -> Path | None:
    return plan.folder / plan.settings.train_record if plan.settings.train_record else None


def _require_own_records(plans: Sequence[Plan]) -> None:
    for plan in plans:
        parse_commands(plan.settings.train)
        record = _record(plan)
        if record and not plan.settings.train and not os.path.lexists(record):
            message = f"there is no training record {record}, and `train` is empty"
            raise ConfigError(message, hint="say with `--train` what to run, such as `--help`")
        if record and not record.parent.is_dir():
            message = f"there is no folder {record.parent} for the training record"
            raise ConfigError(message, hint="make it, or name another with `train-record`")
        if record and len(plans) > 1:
            message = f"`train-record` is one file, and {len(plans)} executables are built"
            raise ConfigError(message, hint="choose one with `--script`, or build with `multicall`")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shared:
    """What the executables of one request have in common."""

    plan: Plan
    """The first that it was made for."""
    distribution: Distribution
    interpreter: Interpreter
    stdlib: Tree
    tests: Tree
    provided: Provided

    def serves(self, plan: Plan) -> bool:
        """Say whether a plan differs in nothing but what is run."""
        return replace(plan, name=self.plan.name, entry=self.plan.entry) == self.plan


class _Job:
    """Building one executable, in a folder of its own."""

    def __init__(self, plan: Plan, services: Services, shared: _Shared, work: Path) -> None:
        self.plan = plan
        self.services = services
        self.shared = shared
        self.work = work
        self.distribution = shared.distribution
        work.mkdir()


def _share(plan: Plan, services: Services, work: Path) -> _Shared:
    work.mkdir()
    distribution = obtain_distribution(services, plan.python)
    base = Layout.of(plan.python.version).stdlib
    interpreter = obtain_interpreter(services, distribution, _build_packages(plan), work)
    with services.console.step(f"Installing {plan.name}"):
        provided = provide(plan, interpreter, work)
    return _Shared(
        plan=plan,
        distribution=distribution,
        interpreter=interpreter,
        stdlib=read_tree(distribution.stdlib, base=base, from_stdlib=True),
        tests=_tests(plan, services, distribution),
        provided=provided,
    )


def _runtime(job: _Job, kept: Kept, *, recording: bool = False) -> Runtime:
    settings = job.plan.settings
    options = RuntimeOptions(
        debug=settings.debug,
        hardened=settings.allocator_hardening,
        recording=recording,
        extensions=kept.extensions,
    )
    return obtain_runtime(job.services, job.distribution, options)


def _build(job: _Job, output: Path, started: float) -> Built:
    plan, services, shared = job.plan, job.services, job.shared
    with services.console.step(f"Collecting {plan.name}"):
        collection = collect(
            plan, shared.interpreter, shared.provided, shared.stdlib, shared.tests, job.work
        )
        refuse_input(output, _own_sources(collection, services.cache.root))
    with services.console.step(f"Compiling {len(collection.modules)} modules"):
        bytecodes = [*_compile_own(job, collection), *_compile_stdlib(job, collection)]
    with services.console.step("Following imports"):
        kept = without_unused(plan, services, collection, bytecodes, job.distribution)
    loader = job.distribution.sysroot / "lib/libc.so"
    collection = with_loader(_with_data(plan, services, kept.collection), loader)
    kept = replace(kept, collection=collection)
    first_use = _first_use(job, kept)
    runtime = _runtime(job, kept)
    with services.console.step("Packing and linking"):
        image = _link(job, kept, first_use, runtime)
    require_space(output.parent, image.size, f"writing {output}")
    with services.console.step("Verifying"), draft_beside(output, mode=0o777) as draft:
        with draft.open("wb") as file:
            image.write(file)
        _verify(plan, draft, job.work)
    with output.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Built(
        path=output,
        size=image.size,
        sha256=digest,
        seconds=time.monotonic() - started,
        packages=tuple((one.name, one.version) for one in collection.packages),
    )


def _link(job: _Job, kept: Kept, first_use: Sequence[str], runtime: Runtime) -> Image:
    plan = job.plan
    facts = RuntimeFacts(
        libraries=job.distribution.description.sources, sizes=runtime.sizes, left_out=kept.left_out
    )
    dictionaries = _dictionaries(job, kept.bytecodes)
    payload = pack(plan, kept.collection, kept.bytecodes, facts, first_use, dictionaries)
    natives = _natives(kept.collection, job.distribution)
    return link(runtime.path.read_bytes(), payload, natives, plan.target)


def _dictionaries(job: _Job, bytecodes: Iterable[Bytecode]) -> Dictionaries:
    """Return what compressed modules refer to, trained on the whole standard library."""
    cache, settings, key = job.services.cache, job.plan.settings, job.distribution.key
    found = obtain_dictionaries(cache, key, settings.optimize, lambda: _stdlib_bytecode(job))
    frames = Frames.of(settings.storage.compression, ())
    return with_packages(cache, replace(found, level=frames.level), bytecodes, frames.of_modules)


def _first_use(job: _Job, kept: Kept) -> tuple[str, ...]:
    """Return what a start uses: by a record, training or default, and by import statements."""
    keys = _known_first_use(job, kept)
    if job.plan.settings.storage.compression != Compression.UNUSED:
        return keys
    roots = {kept.collection.main, *_entry_modules(kept.collection.entry)}
    python = job.distribution.host_python
    paths = imported_at_start(job.services.cache, kept.bytecodes, roots, python=python)
    return tuple(dict.fromkeys((*keys, *(use_key(Table.MODULES, path) for path in paths))))


def _known_first_use(job: _Job, kept: Kept) -> tuple[str, ...]:
    record = _record(job.plan)
    if record is not None and os.path.lexists(record):
        return _recorded(job, record, kept.collection)
    if not job.plan.settings.train:
        return default_order(kept.collection.main)
    with job.services.console.step(f"Training {job.plan.name}"):
        keys = _train(job, kept)
    if record is not None:
        write_record(keys, record)
    return keys


def _recorded(job: _Job, record: Path, collection: Collection) -> tuple[str, ...]:
    keys = read_record(record)
    known = {use_key(Table.MODULES, one.path) for one in collection.modules}
    known |= {use_key(Table.FILES, one.path) for one in (*collection.modules, *collection.files)}
    there = sum(key in known for key in keys)
    if 2 * there < len(keys):
        message = f"only {there} of the {len(keys)} entries of {record} are in this executable"
        job.services.console.warn(f"{message}; remove that file to train anew")
    return keys


def _train(job: _Job, kept: Kept) -> tuple[str, ...]:
    runs = parse_commands(job.plan.settings.train)
    runtime = _runtime(job, kept, recording=True)
    folder = job.work / "training"
    folder.mkdir()
    executable, log = folder / job.plan.name, job.work / "first-use"
    logging = replace(kept, collection=replace(kept.collection, first_use_log=log))
    image = _link(job, logging, (), runtime)
    with executable.open("wb") as file:
        image.write(file)
    executable.chmod(0o755)
    return train(executable, runs, folder=job.plan.folder, log=log)


def _tests(plan: Plan, services: Services, distribution: Distribution) -> Tree:
    """Return CPython's own tests if they are to go in."""
    if not any(name.split(".")[0] == TEST_PACKAGE for name in plan.settings.include):
        return [], []
    return read_tree(
        obtain_tests(services, distribution), base=Layout.of(plan.python.version).stdlib
    )


def _own_sources(collection: Collection, cache: Path) -> list[Path]:
    """Return what goes in and does not lie in the cache, such as modules beside a script."""
    sources = [one.source for one in collection.modules]
    sources += [one.source for one in collection.files]
    sources += [one.source for one in collection.natives]
    return [path for path in sources if not path.is_relative_to(cache)]


def _build_packages(plan: Plan) -> tuple[str, ...]:
    """Return `build-packages` with folders, which are told by their slash, as whole paths."""
    names = plan.settings.build_packages
    return tuple(str(plan.folder / name) if "/" in name else name for name in names)


def _with_data(plan: Plan, services: Services, collection: Collection) -> Collection:
    """Turn shared objects that cannot be linked in, and that nothing loads, into data."""
    found = unlinked(collection.natives, plan.target)
    for file, reason in found:
        message = f"not linked in, only there as a file: {reason}"
        services.console.warn(f"{message}; `--exclude {file.relative}` leaves it out")
    data = [DataFile(path=file.path, source=file.source, base=file.base) for file, _ in found]
    natives = [one for one in collection.natives if all(one is not file for file, _ in found)]
    return replace(collection, natives=tuple(natives), files=(*collection.files, *data))


def _natives(collection: Collection, distribution: Distribution) -> SharedObjects:
    """Return what is linked in; the distribution has libraries that wheels may expect."""
    libraries = sorted((distribution.sysroot / "lib").glob("*.so.*"))
    provided = {
        path.name: SharedObjectFile(path=f"{LIBRARY_FOLDER}/{path.name}", source=path, package=None)
        for path in libraries
    }
    return SharedObjects(files=collection.natives, provided=provided, abi=distribution.abi)


def _compile_own(job: _Job, collection: Collection) -> tuple[Bytecode, ...]:
    own, optimize = _own_modules(collection, job.work), job.plan.settings.optimize
    cache, python, key = job.services.cache, job.distribution.host_python, job.distribution.key
    compiled = package_bytecode(cache, key, own, python=python, optimize=optimize)
    _report_refused(compiled, collection, job.plan, job.services)
    return compiled.bytecodes


def _compile_stdlib(job: _Job, collection: Collection) -> list[Bytecode]:
    wanted = {one.path for one in collection.modules if one.from_stdlib}
    return [one for one in _stdlib_bytecode(job) if one.module.path in wanted]


def _stdlib_bytecode(job: _Job) -> list[Bytecode]:
    modules, optimize = job.shared.stdlib[0], job.plan.settings.optimize
    cache, python, key = job.services.cache, job.distribution.host_python, job.distribution.key
    return stdlib_bytecode(cache, key, modules, python=python, optimize=optimize)


def _own_modules(collection: Collection, work: Path) -> list[Module]:
    """Return the modules that are not the standard library's, with the main program."""
    modules = [one for one in collection.modules if not one.from_stdlib]
    main = _main_module(collection, work)
    return [*modules, main] if main else modules


def _main_module(collection: Collection, work: Path) -> Module | None:
    """Return the main program unless it is one of the modules: a command."""
    if collection.command is not None:
        return Module(name="__main__", path=collection.main, source=collection.command)
    if isinstance(collection.entry, EntryPoint | Multicall):
        return main_module(collection.entry, collection.main, work)
    return None


def _report_refused(
    compiled: Compiled, collection: Collection, plan: Plan, services: Services
) -> None:
    mains = _entry_modules(collection.entry)
    for module, reason in compiled.refused:
        if module.path == collection.main or mains.intersection(module.names):
            version = plan.python.version
            message = f"{module.source} cannot be compiled by Python {version}: {reason}"
            raise CollectError(message)
        if module.is_sourceless:
            services.console.warn(f"{module.name} is left out ({module.source.name}): {reason}")
        else:
            services.console.detail(f"not compiled: {module.path}: {reason}")


def _entry_modules(entry: ResolvedEntry) -> set[str]:
    """Return the names of the modules that the main program cannot do without."""
    match entry:
        case RunModule() | EntryPoint():
            return {entry.module}
        case Multicall():
            return {one.module for _, one in entry.commands}
        case RunScript() | ScriptFile() | RunProgram():
            return set()


def _verify(plan: Plan, draft: Path, work: Path) -> None:
    require_sound(draft)
    if plan.settings.smoke_test:
        folder = work / "smoke"
        folder.mkdir()
        # It runs in a folder of its own, so its path is made absolute.
        smoke_test(draft.absolute(), plan.settings.smoke_test, plan.target, folder)
