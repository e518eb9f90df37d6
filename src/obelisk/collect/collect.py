"""The stage `collect`: from a plan to all files that go into the executable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from obelisk.collect.editable import linked_trees
from obelisk.collect.entry import resolve_entry
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.install import install
from obelisk.collect.native import native_files, split_native
from obelisk.collect.patterns import Filter
from obelisk.collect.read import module_at, read_packages, read_tree, record_text
from obelisk.collect.script import script_modules
from obelisk.collect.sourceless import sourceless_modules
from obelisk.config.request import Script
from obelisk.distribution.builder import Builder
from obelisk.errors import ConfigError
from obelisk.model import LIBRARY_FOLDER, Collection, DataFile, Module, NativeFile
from obelisk.plan import Plan

Tree = tuple[list[Module], list[DataFile]]
"""A folder's files, as `read_tree` gives them."""


def collect(
    plan: Plan,
    builder: Builder,
    stdlib: Tree,
    tests: Tree,
    work: Path,
) -> Collection:
    """Install what the plan names and list all that goes in.

    The standard library, and CPython's own tests if they go in, are given as they were read;
    `work` is a folder for this stage alone. Raises `CollectError`, and `ConfigError` for an entry
    point or a package that is not there.
    """
    site = work / "site"
    chosen = Filter(include=plan.settings.include, exclude=plan.settings.exclude)
    install(plan, builder, site, work)
    packages = read_packages(site)
    modules, files = read_tree(site)
    for more_modules, more_files in (*map(read_tree, linked_trees(site)), tests):
        modules, files = [*modules, *more_modules], [*files, *more_files]
    shared, files = split_native(files)
    natives = [*native_files(site, shared, plan.settings.pure), *_native_libraries(plan)]
    names = {module.name for module in modules} | {one.module or "" for one in natives}
    modules += sourceless_modules(site, names, builder.site.console.warn)
    files += _records(site, work)
    own_files = _own_files(plan)
    own_modules = [
        *_script(plan, builder, (*modules, *stdlib[0]), natives),
        *_importable(own_files),
    ]
    kept = _unique_modules(
        module for module in (*own_modules, *modules, *stdlib[0]) if chosen.keeps_module(module)
    )
    data = [file for file in (*own_files, *files) if chosen.keeps_file(file)]
    for more in fallbacks(plan.settings, {module.name for module in kept}):
        kept = _unique_modules([*kept, *filter(chosen.keeps_module, more.modules)])
        data += filter(chosen.keeps_file, more.files)
        packages += more.packages
    data += [file for file in stdlib[1] if _is_stdlib_data(file) and chosen.keeps_file(file)]
    return Collection(
        modules=kept,
        natives=tuple(one for one in natives if chosen.keeps_file(one)),
        files=tuple(sorted({file.path: file for file in data}.values(), key=lambda f: f.path)),
        packages=tuple(packages),
        entry=resolve_entry(plan, packages, kept),
    )


def _unique_modules(modules: Iterable[Module]) -> tuple[Module, ...]:
    """Keep the first of each name: the application's own before the standard library's."""
    found: dict[str, Module] = {}
    for module in modules:
        found.setdefault(module.name, module)
    return tuple(found[name] for name in sorted(found))


def _records(site: Path, work: Path) -> list[DataFile]:
    folder = work / "records"
    folder.mkdir()
    files = []
    for info in sorted(site.glob("*.dist-info")):
        if (info / "RECORD").is_file():
            path = folder / info.name
            path.write_text(record_text(site, info))
            files.append(DataFile(path=f"{info.name}/RECORD", source=path))
    return files


def _is_stdlib_data(file: DataFile) -> bool:
    """Leave out what only building against Python needs."""
    path = PurePosixPath(file.path)
    return not path.parts[0].startswith("config-") and path.suffix not in (".exe", ".bat", ".ico")


def _script(
    plan: Plan, builder: Builder, modules: Iterable[Module], natives: Iterable[NativeFile]
) -> list[Module]:
    """Return the script, if the application is one, with the modules beside it that it imports."""
    if not isinstance(plan.application, Script):
        return []
    names = {module.name for module in modules} | {one.module or "" for one in natives}
    return script_modules(plan.application.path, python=builder.python, installed=names)


def _own_files(plan: Plan) -> list[DataFile]:
    """Return what `data` names."""
    return [
        DataFile(path=path.relative_to(plan.folder).as_posix(), source=path)
        for path in _matching(plan, "data", plan.settings.data)
    ]


def _importable(files: Iterable[DataFile]) -> list[Module]:
    """Return the Python files among the data as modules: they are where an import looks."""
    found = (module_at(PurePosixPath(file.path), file.source) for file in files)
    return [module for module in found if module]


def _native_libraries(plan: Plan) -> list[NativeFile]:
    """Return the libraries that `native-libraries` names; raise `ConfigError` for two of a name."""
    found: dict[str, Path] = {}
    for path in _matching(plan, "native-libraries", plan.settings.native_libraries):
        if found.setdefault(path.name, path) != path:
            message = (
                f"`native-libraries` has two files `{path.name}`: {found[path.name]} and {path}"
            )
            raise ConfigError(message, hint="programs open them by that name; keep one")
    return [
        NativeFile(path=f"{LIBRARY_FOLDER}/{name}", source=path, package=None)
        for name, path in sorted(found.items())
    ]


def _matching(plan: Plan, key: str, patterns: Iterable[str]) -> Iterator[Path]:
    """Yield the files that patterns of the setting `key` name; raise `ConfigError` for none."""
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            message = f"`{key}` names `{pattern}`, which does not stay in {plan.folder}"
            raise ConfigError(message, hint="give patterns relative to that folder")
        found = sorted(path for path in plan.folder.glob(pattern) if path.is_file())
        if not found:
            message = f"`{key}` names `{pattern}`, but nothing in {plan.folder} matches"
            raise ConfigError(message)
        yield from found
