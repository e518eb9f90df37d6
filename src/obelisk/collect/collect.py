"""The stage `collect`: from a plan to all files that go into the executable."""

from __future__ import annotations

import modulefinder
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.collect.entry import resolve_entry
from obelisk.collect.install import install, install_pure
from obelisk.collect.patterns import Filter
from obelisk.collect.read import (
    is_native,
    native_packages,
    read_packages,
    read_tree,
    record_text,
)
from obelisk.config.request import Script
from obelisk.errors import CollectError, ConfigError, LinkError
from obelisk.model import Collection, DataFile, Module
from obelisk.plan import Plan

_SHOWN: Final = 20


def collect(
    plan: Plan, stdlib_modules: list[Module], stdlib_files: list[DataFile], work: Path
) -> Collection:
    """Install what the plan names and list all that goes in.

    The standard library is given as it was read; `work` is a folder for this stage alone. Raises
    `CollectError`, `ConfigError` for an entry point that is not there, and `LinkError` for native
    code, which cannot be linked in yet.
    """
    site = work / "site"
    chosen = Filter(include=plan.settings.include, exclude=plan.settings.exclude)
    install(plan, site, work)
    # Packages that have native code, by their pure-Python wheels where there are any.
    for package in native_packages(site, chosen):
        install_pure(plan, site, work, package.name, package.version)
    packages = read_packages(site)
    modules, files = read_tree(site)
    files += _records(site, work)
    own_modules, own_files = _own_files(plan)
    kept = _unique_modules(
        module
        for module in (*own_modules, *modules, *stdlib_modules)
        if chosen.keeps_module(module)
    )
    data = [file for file in (*own_files, *files) if chosen.keeps_file(file)]
    data += [file for file in stdlib_files if _is_stdlib_data(file) and chosen.keeps_file(file)]
    _refuse_native_code(data)
    return Collection(
        modules=kept,
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


def _own_files(plan: Plan) -> tuple[list[Module], list[DataFile]]:
    """Return the script with the modules beside it that it imports, and what `data` names."""
    modules: list[Module] = []
    if isinstance(plan.application, Script):
        modules = _script_modules(plan.application.path)
    files = []
    for pattern in plan.settings.data:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            message = f"`data` names `{pattern}`, which does not stay in {plan.folder}"
            raise ConfigError(message, hint="give patterns relative to that folder")
        found = sorted(path for path in plan.folder.glob(pattern) if path.is_file())
        if not found:
            message = f"`data` names `{pattern}`, but nothing in {plan.folder} matches"
            raise ConfigError(message)
        for path in found:
            relative = path.relative_to(plan.folder).as_posix()
            files.append(DataFile(path=relative, source=path))
    return modules, files


def _script_modules(script: Path) -> list[Module]:
    own = Module(name=script.stem, is_package=False, source=script, from_stdlib=False)
    finder = modulefinder.ModuleFinder(path=[str(script.parent)])
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


def _refuse_native_code(files: list[DataFile]) -> None:
    native = [file.path for file in files if is_native(file.path)]
    if not native:
        return
    tops = sorted({path.split("/")[0].split(".")[0] for path in native})
    owners = ", ".join(f"`{top}`" for top in tops)
    listed = "\n".join(f"  {path}" for path in native[:_SHOWN])
    more = f"\n  and {len(native) - _SHOWN} more" if len(native) > _SHOWN else ""
    message = f"shared objects cannot be linked in yet; they are in {owners}:\n{listed}{more}"
    hint = 'if the application works without them, leave them out: `exclude = ["*.so"]`'
    raise LinkError(message, hint=hint)
