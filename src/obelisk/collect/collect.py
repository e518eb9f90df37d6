"""The stage `collect`: from a plan to all files that go into the executable."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from obelisk.collect.entry import resolve_entry
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.install import forget, install
from obelisk.collect.installed import Installed, Prefix, read_installed, record_text
from obelisk.collect.intact import differing
from obelisk.collect.matching import matching
from obelisk.collect.native import native_files, split_native
from obelisk.collect.patterns import Filter
from obelisk.collect.pth import linked_files
from obelisk.collect.read import Tree, module_at, read_tree, require_place
from obelisk.collect.script import script_modules
from obelisk.collect.sourceless import sourceless_modules
from obelisk.config.request import Script
from obelisk.distribution.builder import Builder
from obelisk.errors import ConfigError
from obelisk.model import LIBRARY_FOLDER, Collection, DataFile, Module, NativeFile
from obelisk.plan import Plan


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
    chosen = Filter(include=plan.settings.include, exclude=plan.settings.exclude)
    prefix, installed = _install(plan, builder, work)
    packages = [one.package for one in installed]
    modules, files = _installed_files(prefix, installed, builder)
    modules, files = [*modules, *tests[0]], [*files, *tests[1]]
    shared, files = split_native(files)
    natives = [
        *native_files(prefix, installed, shared, pure=plan.settings.pure),
        *_native_libraries(plan),
    ]
    names = {module.name for module in modules} | {one.module or "" for one in natives}
    modules += sourceless_modules(prefix.site, names, builder.site.console.warn)
    files += _records(prefix, installed, work)
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


def _install(plan: Plan, builder: Builder, work: Path) -> tuple[Prefix, list[Installed]]:
    """Install, and once more what was changed in the installer's cache since it was unpacked."""
    prefix = install(plan, builder, work)
    installed = read_installed(prefix)
    found = differing(prefix, installed)
    if not found:
        return prefix, installed
    names = sorted(found)
    warn = builder.site.console.warn
    warn(f"{found[names[0]][0]} is not what its RECORD says; installing {', '.join(names)} anew")
    forget(builder, names)
    again = work / "again"
    again.mkdir()
    prefix = install(plan, builder, again)
    installed = read_installed(prefix)
    for name, paths in differing(prefix, installed).items():
        warn(f"{paths[0]} of `{name}` is not what its RECORD says: the wheel itself is wrong")
    return prefix, installed


def _unique_modules(modules: Iterable[Module]) -> tuple[Module, ...]:
    """Keep the first of each name: the application's own before the standard library's."""
    found: dict[str, Module] = {}
    for module in modules:
        found.setdefault(module.name, module)
    return tuple(found[name] for name in sorted(found))


def _installed_files(prefix: Prefix, installed: list[Installed], builder: Builder) -> Tree:
    """Return the files of packages: modules and their data, and what else wheels have."""
    site = prefix.site.relative_to(prefix.root).as_posix()
    trees = [
        read_tree(prefix.site),
        # `.lock` is the installer's own.
        read_tree(prefix.root, without=(site, "bin", ".lock")),
        linked_files(prefix, installed, builder.site.console.warn),
    ]
    modules = [module for tree in trees for module in tree[0]]
    return modules, [file for tree in trees for file in tree[1]]


def _records(prefix: Prefix, installed: list[Installed], work: Path) -> list[DataFile]:
    folder = work / "records"
    folder.mkdir()
    files = []
    for one in installed:
        if one.files:
            path = folder / one.info
            path.write_text(record_text(prefix, one), encoding="utf-8")
            files.append(DataFile(path=f"{one.info}/RECORD", source=path))
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
    files = [
        DataFile(path=path.relative_to(plan.folder).as_posix(), source=path)
        for path in matching(plan.folder, "data", plan.settings.data)
    ]
    for file in files:
        require_place(PurePosixPath(file.path), file.source)
    return files


def _importable(files: Iterable[DataFile]) -> list[Module]:
    """Return the Python files among the data as modules: they are where an import looks."""
    found = (module_at(PurePosixPath(file.path), file.source) for file in files)
    return [module for module in found if module]


def _native_libraries(plan: Plan) -> list[NativeFile]:
    """Return the libraries that `native-libraries` names; raise `ConfigError` for two of a name."""
    found: dict[str, Path] = {}
    for path in matching(plan.folder, "native-libraries", plan.settings.native_libraries):
        if found.setdefault(path.name, path) != path:
            message = (
                f"`native-libraries` has two files `{path.name}`: {found[path.name]} and {path}"
            )
            raise ConfigError(message, hint="programs open them by that name; keep one")
    return [
        NativeFile(path=f"{LIBRARY_FOLDER}/{name}", source=path, package=None)
        for name, path in sorted(found.items())
    ]
