"""The stage `collect`: from a plan to all files that go into the executable."""

from __future__ import annotations

import modulefinder
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from obelisk.collect.entry import resolve_entry
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.install import install
from obelisk.collect.installed import Installed, Prefix, read_installed, record_text
from obelisk.collect.matching import matching
from obelisk.collect.native import native_files, split_native
from obelisk.collect.patterns import Filter
from obelisk.collect.pth import linked_files
from obelisk.collect.read import Tree, module_at, read_tree, require_place
from obelisk.config.request import Script
from obelisk.distribution.builder import Builder
from obelisk.errors import CollectError, ConfigError
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
    prefix = install(plan, builder, work)
    installed = read_installed(prefix)
    packages = [one.package for one in installed]
    modules, files = _installed_files(prefix, installed, builder)
    modules, files = [*modules, *tests[0]], [*files, *tests[1]]
    shared, files = split_native(files)
    natives = [
        *native_files(prefix, installed, shared, pure=plan.settings.pure),
        *_native_libraries(plan),
    ]
    files += _records(prefix, installed, work)
    own_modules, own_files = _own_files(plan)
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


def _own_files(plan: Plan) -> tuple[list[Module], list[DataFile]]:
    """Return the script with the modules beside it that it imports, and what `data` names.

    Python files among the data can be imported as well: they are where an import looks for them.
    """
    modules: list[Module] = []
    if isinstance(plan.application, Script):
        modules = _script_modules(plan.application.path)
    files = [
        DataFile(path=path.relative_to(plan.folder).as_posix(), source=path)
        for path in matching(plan.folder, "data", plan.settings.data)
    ]
    for file in files:
        require_place(PurePosixPath(file.path), file.source)
    found = [module_at(PurePosixPath(file.path), file.source) for file in files]
    return [*modules, *filter(None, found)], files


class _ModuleFinder(modulefinder.ModuleFinder):
    """The standard library's, which does not know namespace packages and stumbles over them."""

    def find_module(self, name: str, path: Any, parent: Any = None) -> Any:  # noqa: ANN401
        """Find a module; raise `ImportError` for a folder without `__init__.py`, as for nothing."""
        try:
            return super().find_module(name, path, parent)
        except AttributeError as error:
            raise ImportError(name) from error


def _script_modules(script: Path) -> list[Module]:
    own = Module(name=script.stem, is_package=False, source=script, from_stdlib=False)
    finder = _ModuleFinder(path=[str(script.parent)])
    try:
        finder.run_script(str(script))
    except SyntaxError as error:
        # Python of another version than ours may well read it; the stage `compile` will tell.
        if error.filename == str(script):
            return [own]
        raise CollectError(str(error)) from error
    beside = []
    for name, module in finder.modules.items():
        place = getattr(module, "__file__", None)
        source = Path(place) if place else None
        if source and source != script and source.suffix == ".py":
            is_package = source.name == "__init__.py"
            beside.append(
                Module(name=name, is_package=is_package, source=source, from_stdlib=False)
            )
    return [own, *beside]


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
