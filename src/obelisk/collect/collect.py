"""The stage `collect`: from a plan to all files of the executable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from obelisk.collect.commands import commands
from obelisk.collect.entry import installed_command, main_path, resolve_entry
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.freezers import questions
from obelisk.collect.installed import Installed, Prefix, record_text
from obelisk.collect.matching import matching
from obelisk.collect.provide import Provided
from obelisk.collect.pth import files_with_code, pth_files, search_path, with_aliases
from obelisk.collect.read import Tree, module_at, read_files, read_tree, require_path
from obelisk.collect.script import script_modules
from obelisk.collect.select import Filter
from obelisk.collect.shared_objects import native_files, split_native
from obelisk.collect.sourceless import sourceless_modules
from obelisk.config.application import Assembly, Project, Script
from obelisk.errors import ConfigError
from obelisk.model import (
    COMMANDS,
    LIBRARY_FOLDER,
    Collection,
    DataFile,
    Layout,
    Module,
    Package,
    ResolvedEntry,
    RunModule,
    RunScript,
    SharedObjectFile,
)
from obelisk.plan import Plan
from obelisk.services.console import Console


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """The contents that all executables of an application share, whichever command they run."""

    modules: tuple[Module, ...]
    files: tuple[DataFile, ...]
    natives: tuple[SharedObjectFile, ...]
    packages: tuple[Package, ...]
    search_path: tuple[str, ...]
    """Folders in the executable on `sys.path`, except for the main program's."""
    has_own_modules: bool
    """Whether modules of the application are at the top."""
    own: frozenset[str]
    pth: tuple[str, ...]
    asked: frozenset[str]


def gather(
    plan: Plan,
    console: Console,
    host_python: Path,
    provided: Provided,
    trees: tuple[Tree, Tree],
    work: Path,
) -> Gathered:
    """List the files to include: of installed packages, of the application, and of Python.

    `trees` are the standard library, and CPython's own tests if they are included. `host_python`
    reads the imports of a script, and `work` is a folder for this stage alone. Raises
    `CollectError`, and `ConfigError` for a package that is not installed.
    """
    chosen = Filter(include=plan.settings.include, exclude=plan.settings.exclude)
    layout = Layout.of(plan.python.version)
    warn, (stdlib, tests) = console.warn, trees
    prefix, installed = provided.prefix, provided.installed
    packages = [found.package for found in installed]
    pth = pth_files(prefix, installed, warn)
    modules, files = _installed_files(prefix, installed, work)
    modules, files = [*modules, *tests[0]], [*files, *tests[1]]
    shared, files = split_native(files, plan.target)
    natives = [
        *native_files(prefix, installed, shared, pure=plan.settings.pure),
        *_native_libraries(plan),
    ]
    names = {module.name for module in modules} | {native.module or "" for native in natives}
    modules += sourceless_modules(prefix.site, prefix.base, names, warn)
    modules = provided.recorded(with_aliases(modules, pth))
    project = _project_paths(plan, provided)
    folders = _folders_of(project, prefix)
    own_files = [_at_home(file, prefix, folders) for file in _own_files(plan)]
    own_modules = [
        *_script(plan, host_python, (*modules, *stdlib[0]), natives),
        *_importable(own_files),
    ]
    application = (*own_modules, *(module for module in modules if module.path in project))
    asked = questions(plan.settings.interpreter, application)
    for answer in asked.values():
        console.note(answer)
    kept = _unique(filter(chosen.keeps_module, (*own_modules, *modules, *stdlib[0])))
    data = [file for file in (*own_files, *files) if chosen.keeps_file(file)]
    added: list[Module] = []
    for more in fallbacks(plan.settings, {name for one in kept for name in one.names}, layout.site):
        kept = _unique([*kept, *filter(chosen.keeps_module, more.modules)])
        data += filter(chosen.keeps_file, more.files)
        added += more.modules
        packages += more.packages
    data += [file for file in stdlib[1] if _is_stdlib_data(file) and chosen.keeps_file(file)]
    for pattern in chosen.unused(
        (*own_modules, *modules, *stdlib[0], *added), (*own_files, *files, *natives, *stdlib[1])
    ):
        warn(f"`{pattern}` in `include` or `exclude` matches no module or file")
    own = (*own_files, *own_modules)
    return Gathered(
        modules=kept,
        natives=tuple(native for native in natives if chosen.keeps_file(native)),
        files=tuple(sorted({file.path: file for file in data}.values(), key=lambda f: f.path)),
        packages=tuple(packages),
        search_path=(layout.stdlib, layout.site, *search_path(data, pth)),
        has_own_modules=any(not module.base for module in own_modules),
        own=frozenset(item.path.partition("/")[0] for item in own if not item.base),
        pth=files_with_code(data, pth),
        asked=frozenset(asked),
    )


def collect(plan: Plan, gathered: Gathered) -> Collection:
    """Return the contents of one plan's executable.

    Raises `ConfigError` for an entry point that is not there.
    """
    entry = resolve_entry(plan, list(gathered.packages), gathered.modules)
    main = main_path(entry, plan, gathered.modules)
    at_top = gathered.has_own_modules and not isinstance(entry, RunScript)
    return Collection(
        modules=gathered.modules,
        natives=gathered.natives,
        files=gathered.files,
        packages=gathered.packages,
        entry=entry,
        main=main,
        command=installed_command(entry, main, list(gathered.packages), gathered.files),
        search_path=(*_first_folder(entry, main), *gathered.search_path, *([""] if at_top else [])),
        own=gathered.own,
        pth=gathered.pth,
        asked=gathered.asked,
    )


def _first_folder(entry: ResolvedEntry, main: str) -> list[str]:
    """Return the folder of the main program, which comes first unless that is run by `-m`."""
    return [] if isinstance(entry, RunModule) else [main.rpartition("/")[0]]


def _unique(modules: Iterable[Module]) -> tuple[Module, ...]:
    """Sort modules by their paths, each once."""
    found: dict[str, Module] = {}
    for module in modules:
        found.setdefault(module.path, module)
    return tuple(found[path] for path in sorted(found))


def _installed_files(
    prefix: Prefix, installed: list[Installed], work: Path
) -> tuple[list[Module], list[DataFile]]:
    """Return the files of packages: modules and their data, commands, and other files of wheels."""
    modules, files = read_tree(prefix.site, base=prefix.base)
    programs, rewritten = commands(prefix, work)
    # `.lock` is the installer's own.
    others = read_files(prefix.root, without=(prefix.base, COMMANDS, ".lock"))
    records = _records(prefix, installed, rewritten, work)
    return modules, [*files, *programs, *others, *records]


def _records(
    prefix: Prefix, installed: list[Installed], rewritten: dict[str, bytes], work: Path
) -> list[DataFile]:
    folder = work / "records"
    folder.mkdir()
    files = []
    for one in installed:
        if one.files:
            source = folder / one.info
            source.write_text(record_text(prefix, one, rewritten), encoding="utf-8")
            path = f"{prefix.base}/{one.info}/RECORD"
            files.append(DataFile(path=path, source=source, base=prefix.base))
    return files


def _is_stdlib_data(file: DataFile) -> bool:
    """Exclude what is only needed to compile against Python."""
    path = PurePosixPath(file.relative)
    return not path.parts[0].startswith("config-") and path.suffix not in (".exe", ".bat", ".ico")


def _script(
    plan: Plan,
    python: Path,
    modules: Iterable[Module],
    natives: Iterable[SharedObjectFile],
) -> list[Module]:
    """Return the script, if one is run, with the modules next to it that it imports."""
    if isinstance(plan.application, Script):
        path = plan.application.path
    elif isinstance(plan.entry, RunScript):
        path = plan.entry.path
    else:
        return []
    names = {module.name for module in modules} | {native.module or "" for native in natives}
    return script_modules(path, python=python, installed=names)


def _own_files(plan: Plan) -> list[DataFile]:
    """Return the files that `data` matches."""
    files = [
        DataFile(path=path.relative_to(plan.folder).as_posix(), source=path)
        for path in matching(plan.folder, "data", plan.settings.data)
    ]
    for file in files:
        require_path(file)
    return files


def _project_paths(plan: Plan, provided: Provided) -> frozenset[str]:
    """Return the paths of files that the project itself installed, or that parts brought so."""
    prefix, installed = provided.prefix, provided.installed
    if isinstance(plan.application, Assembly):
        return provided.own
    if not isinstance(plan.application, Project):
        return frozenset()
    name = canonicalize_name(plan.application.name)
    files = (file for one in installed if one.key == name for file in one.files)
    return frozenset(prefix.place(file.path) or "" for file in files)


def _folders_of(paths: Iterable[str], prefix: Prefix) -> frozenset[str]:
    """Return the folders of `site-packages` that paths lead through."""
    below = (path.removeprefix(f"{prefix.base}/") for path in paths)
    return frozenset(path.partition("/")[0] for path in below if "/" in path)


def _at_home(file: DataFile, prefix: Prefix, folders: frozenset[str]) -> DataFile:
    """Return a file of `data`, in `site-packages` if it lies in a folder of the project there."""
    if file.path.partition("/")[0] not in folders:
        return file
    return DataFile(path=f"{prefix.base}/{file.path}", source=file.source, base=prefix.base)


def _importable(files: Iterable[DataFile]) -> list[Module]:
    """Return the Python files among the data as modules: they are where an import looks."""
    return [module for module in map(module_at, files) if module]


def _native_libraries(plan: Plan) -> list[SharedObjectFile]:
    """Return the libraries that `native-libraries` names; raise `ConfigError` for two of a name."""
    found: dict[str, Path] = {}
    for path in matching(plan.folder, "native-libraries", plan.settings.native_libraries):
        if found.setdefault(path.name, path) != path:
            both = f"{found[path.name]}, {path}"
            message = f"`native-libraries` matches two files named `{path.name}`: {both}"
            raise ConfigError(message, hint="libraries are loaded by file name: keep one of them")
    return [
        SharedObjectFile(path=f"{LIBRARY_FOLDER}/{name}", source=path, package=None)
        for name, path in sorted(found.items())
    ]
