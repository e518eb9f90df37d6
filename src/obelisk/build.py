"""The pipeline in its order: the only module that knows all stages."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.collect.collect import collect
from obelisk.collect.loader import with_loader
from obelisk.collect.read import read_tree
from obelisk.compile.bytecode import Compiled, compile_modules
from obelisk.compile.dictionaries import obtain_dictionaries
from obelisk.compile.following import imported_at_start
from obelisk.compile.stdlib import stdlib_bytecode
from obelisk.config.schema import Compression
from obelisk.disk import require_space
from obelisk.distribution.archive import read_description
from obelisk.distribution.build import distribution_key, obtain_distribution
from obelisk.distribution.builder import obtain_builder
from obelisk.distribution.libraries import Site
from obelisk.distribution.recipes.cpython import major_minor
from obelisk.distribution.runtime import RuntimeOptions, obtain_runtime
from obelisk.distribution.testmodules import TEST_PACKAGE, obtain_tests
from obelisk.errors import CollectError
from obelisk.files import draft_beside
from obelisk.link.image import link
from obelisk.link.native import Natives
from obelisk.link.unlinked import unlinked
from obelisk.model import (
    LIBRARY_FOLDER,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Layout,
    Module,
    Multicall,
    NativeFile,
    ResolvedEntry,
    RunModule,
    RunProgram,
    RunScript,
    ScriptFile,
)
from obelisk.output import refuse_input, writable_place
from obelisk.pack import RuntimeFacts, pack
from obelisk.payload import Table, use_key
from obelisk.plan import Plan
from obelisk.program import main_module
from obelisk.stored import Dictionaries
from obelisk.unused import Kept, without_unused
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


def build(plan: Plan, site: Site, output: Path) -> Built:
    """Build one executable at `output`, or leave what is there untouched.

    Raises an `ObeliskError` of the stage that failed.
    """
    started = time.monotonic()
    output = writable_place(output, plan, site.cache.root)
    python = obtain_distribution(site, plan.python) / "python"
    description = read_description(python)
    interpreter = python / description.python_exe
    layout = Layout.of(plan.python.version)
    stdlib = read_tree(python / description.stdlib, base=layout.stdlib, from_stdlib=True)
    tests = _tests(plan, site)
    with site.cache.workshop("build") as work:
        builder = obtain_builder(site, plan.python, _build_packages(plan), work)
        with site.console.step(f"Collecting {plan.name}"):
            collection = collect(plan, builder, stdlib, tests, work)
            refuse_input(output, _own_sources(collection, site.cache.root))
        with site.console.step(f"Compiling {len(collection.modules)} modules"):
            own = _compile_own(plan, site, collection, interpreter, work)
            bytecodes = [*own, *_compile_stdlib(plan, site, collection, interpreter, stdlib[0])]
        with site.console.step("Following imports"):
            kept = without_unused(plan, site, collection, bytecodes, (description, interpreter))
            collection, bytecodes = kept.collection, list(kept.bytecodes)
            first_use = _first_use(plan, site, collection, bytecodes, interpreter)
        runtime = obtain_runtime(site, plan.python, _runtime_options(plan, kept))
        collection = with_loader(_with_data(plan, site, collection), python / "build/lib/libc.so")
        with site.console.step("Packing and linking"):
            payload = pack(
                plan,
                collection,
                bytecodes,
                RuntimeFacts(
                    libraries=description.sources, sizes=runtime.sizes, left_out=kept.left_out
                ),
                first_use=first_use,
                dictionaries=_dictionaries(plan, site, interpreter, stdlib[0]),
            )
            natives = _natives(plan, collection, python)
            image = link(runtime.path.read_bytes(), payload, natives, plan.target)
        require_space(output.parent, image.size, f"writing {output}")
        with site.console.step("Verifying"), draft_beside(output, mode=0o755) as draft:
            with draft.open("wb") as file:
                image.write(file)
            _verify(plan, draft, work)
    with output.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Built(
        path=output,
        size=image.size,
        sha256=digest,
        seconds=time.monotonic() - started,
        packages=tuple((one.name, one.version) for one in collection.packages),
    )


def _runtime_options(plan: Plan, kept: Kept) -> RuntimeOptions:
    return RuntimeOptions(
        debug=plan.settings.debug,
        hardened=plan.settings.allocator_hardening,
        extensions=kept.extensions,
    )


def _tests(plan: Plan, site: Site) -> tuple[list[Module], list[DataFile]]:
    """Return CPython's own tests if they are to go in."""
    if not any(name.split(".")[0] == TEST_PACKAGE for name in plan.settings.include):
        return [], []
    return read_tree(obtain_tests(site, plan.python), base=Layout.of(plan.python.version).stdlib)


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


def _with_data(plan: Plan, site: Site, collection: Collection) -> Collection:
    """Turn shared objects that cannot be linked in, and that nothing loads, into data."""
    found = unlinked(collection.natives, plan.target)
    for file, reason in found:
        message = f"not linked in, only there as a file: {reason}"
        site.console.warn(f"{message}; `--exclude {file.relative}` leaves it out")
    data = [DataFile(path=file.path, source=file.source, base=file.base) for file, _ in found]
    natives = [one for one in collection.natives if all(one is not file for file, _ in found)]
    return replace(collection, natives=tuple(natives), files=(*collection.files, *data))


def _natives(plan: Plan, collection: Collection, python: Path) -> Natives:
    """Return what is linked in; the distribution has libraries that wheels may expect."""
    libraries = sorted((python / "build/lib").glob("*.so.*"))
    provided = {
        path.name: NativeFile(path=f"{LIBRARY_FOLDER}/{path.name}", source=path, package=None)
        for path in libraries
    }
    digits = major_minor(plan.python.version).replace(".", "")
    abi = f"cpython-{digits}-{plan.target.platform_triplet}"
    return Natives(files=collection.natives, provided=provided, abi=abi)


def _compile_own(
    plan: Plan, site: Site, collection: Collection, interpreter: Path, work: Path
) -> tuple[Bytecode, ...]:
    own = _own_modules(collection, work)
    compiled = compile_modules(own, python=interpreter, optimize=plan.settings.optimize)
    _report_refused(compiled, collection, plan, site)
    return compiled.bytecodes


def _compile_stdlib(
    plan: Plan, site: Site, collection: Collection, interpreter: Path, modules: list[Module]
) -> list[Bytecode]:
    key = distribution_key(plan.target, plan.python)
    optimize = plan.settings.optimize
    ready = stdlib_bytecode(site.cache, key, modules, python=interpreter, optimize=optimize)
    wanted = {one.path for one in collection.modules if one.from_stdlib}
    return [one for one in ready if one.module.path in wanted]


def _first_use(
    plan: Plan, site: Site, collection: Collection, bytecodes: list[Bytecode], interpreter: Path
) -> list[str]:
    """Return the keys of the modules that a start imports, as far as their statements tell."""
    if plan.settings.compression != Compression.UNUSED:
        return []
    roots = {collection.main, *_entry_modules(collection.entry)}
    paths = imported_at_start(site.cache, bytecodes, roots, python=interpreter)
    return [use_key(Table.MODULES, path) for path in paths]


def _dictionaries(plan: Plan, site: Site, interpreter: Path, modules: list[Module]) -> Dictionaries:
    """Return what compressed modules refer to, trained on the whole standard library."""
    key, optimize = distribution_key(plan.target, plan.python), plan.settings.optimize
    return obtain_dictionaries(
        site.cache,
        key,
        optimize,
        lambda: stdlib_bytecode(site.cache, key, modules, python=interpreter, optimize=optimize),
    )


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


def _report_refused(compiled: Compiled, collection: Collection, plan: Plan, site: Site) -> None:
    mains = _entry_modules(collection.entry)
    for module, reason in compiled.refused:
        if module.path == collection.main or mains.intersection(module.names):
            version = plan.python.version
            message = f"{module.source} cannot be compiled by Python {version}: {reason}"
            raise CollectError(message)
        if module.is_sourceless:
            site.console.warn(f"{module.name} is left out ({module.source.name}): {reason}")
        else:
            site.console.detail(f"not compiled: {module.path}: {reason}")


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
