"""Deciding everything before anything is done: no network, no tools, only what can be read."""

from __future__ import annotations

import keyword
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from obelisk.components.locks import FixedArchive
from obelisk.config.application import (
    Application,
    Assembly,
    Project,
    Request,
    Requirement,
    Script,
    WheelFile,
)
from obelisk.config.installer import InstallerConfig, installer_config
from obelisk.config.interpreter import check_interpreter
from obelisk.config.licenses import check_licenses
from obelisk.config.names import require_file_name, require_package_name, require_package_or_all
from obelisk.config.own_pins import own_pins
from obelisk.config.pylock import require_hashes
from obelisk.config.requirements import Requirements, read_requirements
from obelisk.config.settings import ENTRIES, Settings
from obelisk.config.snapshot import check_snapshot
from obelisk.config.target_settings import check_target
from obelisk.config.toml import shown
from obelisk.config.training import check_training
from obelisk.config.windows import check_windows
from obelisk.distribution.test_suite import TEST_PACKAGE
from obelisk.distribution.versions import PREFIX, python_source
from obelisk.errors import ConfigError, did_you_mean
from obelisk.model import (
    AllConsoleScripts,
    ConsoleScript,
    Entry,
    EntryPoint,
    RunCode,
    RunModule,
    RunScript,
)
from obelisk.payload.filetimes import source_date_epoch
from obelisk.recipes import EXTRA_RECIPES, RECIPES, require_library
from obelisk.services.pins import Pin, Pins
from obelisk.services.regular import is_folder, is_regular, require_copyable
from obelisk.target import Target, parse_target

_SYSTEM_FOLDERS: Final = ("/", "/usr", "/usr/local")
"""Where this machine's own libraries are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One executable to build."""

    name: str
    """The executable's name."""
    application: Application
    target: Target
    python: Pin
    entry: Entry
    lock: Path | None
    """`uv.lock` or `pylock.toml` that fixes the versions of dependencies."""
    requirement_files: tuple[Path, ...]
    requirements: Requirements
    """What those files say."""
    installer: InstallerConfig
    settings: Settings
    folder: Path
    """What relative paths in the settings start from."""
    pins: Pins
    """The sources that all but the application is built from."""
    source_date_epoch: int | None = None
    """The time of the files inside, in seconds since 1970; None: made from their content."""
    refresh: bool = False
    """Whether indexes are asked even if what is known of them has not expired."""
    fixed: Requirements | None = None
    """All that is to be installed besides the project, by the recipe of an executable, in place of
    a lock and of a resolution."""
    archives: tuple[FixedArchive, ...] = ()
    """The archives of what is `fixed`, as the recipe tells them."""
    relinkable: Path | None = None
    """Folder for what its recipients need to link it again."""

    @property
    def file_name(self) -> str:
        """The name of its file, with the suffix that programs have on its system."""
        return self.name + self.target.executable_suffix

    @property
    def abi(self) -> str:
        """The tag of extension modules that can be linked in."""
        return self.target.abi(self.python.version)

    @property
    def has_tests(self) -> bool:
        """Whether CPython's own tests go in."""
        return any(name.split(".")[0] == TEST_PACKAGE for name in self.settings.include)

    @property
    def build_packages(self) -> tuple[str, ...]:
        """Libraries for what is built from source: names of recipes, absolute paths of folders."""
        names = self.settings.build_packages
        return tuple(str(self.folder / name) if "/" in name else name for name in names)

    @property
    def own_pins(self) -> tuple[Pin, ...]:
        """The user's own pins of what the executable is built from."""
        needed = [name for name in self.settings.build_packages if "/" not in name]
        for name in needed:
            more = EXTRA_RECIPES[name].needs if name in EXTRA_RECIPES else ()
            needed += [one for one in more if one not in needed]
        used = {self.python.name, *RECIPES, *needed}
        return tuple(pinned for pinned in self.pins.own if pinned.name in used)

    @property
    def train_record(self) -> Path | None:
        """The file that keeps what training saw."""
        name = self.settings.train_record
        return self.folder / name if name else None

    @property
    def provided_libraries(self) -> tuple[str, ...]:
        """Sonames of shared libraries that are linked in when a shared object needs them."""
        if self.target.object_format != "elf":
            return ()
        return tuple(name for recipe in RECIPES.values() for name in recipe.shared)


def make_plans(request: Request) -> list[Plan]:
    """Return a plan for each executable that the request asks for.

    Raises `ConfigError` when target, Python, entry point or files are not there.
    """
    settings = request.settings
    pins = own_pins(settings.pins, request.folder)
    python = python_source(settings.python, pins)
    _check_pins(pins, python)
    check_interpreter(settings.interpreter, python.version)
    check_licenses(settings.licenses)
    check_windows(settings.windows, request.folder)
    _check_requires_python(request.application, python)
    _check_packages(settings, request.folder)
    _check_parts(request)
    lock = _lock(request.application)
    files = tuple(request.folder / name for name in settings.requirements)
    requirements = read_requirements(files, request.folder, settings.extra_requirements)
    target, entries = parse_target(settings.target), _named_entries(request)
    check_training(settings, target, request.folder, len(entries))
    check_snapshot(settings, target)
    check_target(settings, target)
    return [
        Plan(
            name=require_file_name(name, "the executable's name"),
            application=request.application,
            target=target,
            python=python,
            entry=entry,
            lock=lock,
            requirement_files=files,
            requirements=requirements,
            installer=installer_config(request.application, os.environ),
            settings=settings,
            folder=request.folder,
            pins=pins,
            source_date_epoch=source_date_epoch(os.environ),
        )
        for name, entry in entries
    ]


def groups(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    """Yield the plans that differ in nothing but what is run."""
    rest = list(plans)
    while rest:
        first = rest[0]
        alike = [p for p in rest if replace(p, name=first.name, entry=first.entry) == first]
        yield alike
        rest = [plan for plan in rest if plan not in alike]


def _named_entries(request: Request) -> list[tuple[str, Entry]]:
    settings, application = request.settings, request.application
    chosen = [key for key in ENTRIES if getattr(settings, key)]
    if len(chosen) > 1:
        message = "more than one entry point: " + " and ".join(f"`{k}`" for k in chosen)
        raise ConfigError(message, hint="keep one of them")
    name = settings.name or _default_name(application)
    if settings.multicall:
        return [(name, _all_commands(application, chosen))]
    entry = _chosen_entry(settings, request.folder)
    if entry is not None:
        return [(name, entry)]
    match application:
        case Project():
            return _project_entries(application, settings)
        case Script():
            require_file_name(application.path.stem, "the script's name")
            return [(name, RunScript(path=application.path))]
        case Requirement() | WheelFile():
            name = settings.name or settings.script or application.name
            return [(name, ConsoleScript(package=application.name, command=settings.script))]
        case Assembly():
            message = f"`{application.name}` has no entry point"
            hint = "name one with `--entry module:function` or `-m module`"
            raise ConfigError(message, hint=hint)


def _chosen_entry(settings: Settings, folder: Path) -> Entry | None:
    """Return what the settings name, None if they name a command or nothing."""
    if settings.entry:
        return parse_entry(settings.entry)
    if settings.module:
        return RunModule(module=settings.module)
    if settings.file:
        return RunScript(path=folder / settings.file)
    return RunCode(text=settings.code) if settings.code else None


def _all_commands(application: Application, chosen: list[str]) -> AllConsoleScripts:
    if chosen:
        message = f"`multicall` and `{chosen[0]}` exclude each other: all console scripts, or one"
        raise ConfigError(message, hint="remove one of the two")
    if isinstance(application, Assembly):
        message = "`multicall` needs console scripts, which `parts` have none of"
        raise ConfigError(message, hint="name an entry point: `--entry module:function`")
    if isinstance(application, Script):
        message = f"`multicall` needs console scripts, but {application.path} is a single script"
        raise ConfigError(message, hint="make it a project with `[project.scripts]`")
    return AllConsoleScripts(package=application.name)


def parse_entry(text: str) -> EntryPoint:
    """Parse `module:function`; raise `ConfigError` for anything else."""
    module, colon, function = (part.strip() for part in text.partition(":"))
    parts = [*module.split("."), *function.split(".")]
    if not colon or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        message = f"invalid entry point {shown(text)}"
        raise ConfigError(message, hint="expected `module:function`, such as `app.cli:main`")
    return EntryPoint(module=module, function=function)


def _project_entries(project: Project, settings: Settings) -> list[tuple[str, Entry]]:
    scripts = dict(project.scripts)
    if not scripts and project.dynamic_scripts:
        name = settings.name or settings.script or project.name
        return [(name, ConsoleScript(package=project.name, command=settings.script))]
    if not scripts:
        message = f"project `{project.name}` has no entry point: `[project.scripts]` is empty"
        hint = "add a console script, or pass `--entry module:function` or `-m module`"
        raise ConfigError(message, hint=hint)
    if settings.script is not None:
        if settings.script not in scripts:
            message = f"project `{project.name}` has no console script `{settings.script}`"
            raise ConfigError(message, hint=did_you_mean(settings.script, scripts))
        scripts = {settings.script: scripts[settings.script]}
    if settings.name and len(scripts) > 1:
        message = f"`name` is set, but project `{project.name}` has {len(scripts)} console scripts"
        hint = "choose one with `--script`, set `multicall`, or remove `name`"
        raise ConfigError(message, hint=hint)
    return [(settings.name or name, parse_entry(text)) for name, text in scripts.items()]


def _default_name(application: Application) -> str:
    return application.path.stem if isinstance(application, Script) else application.name


def _lock(application: Application) -> Path | None:
    candidates: list[Path] = []
    match application:
        case Project():
            candidates = [application.folder / "uv.lock", application.folder / "pylock.toml"]
        case Script():
            candidates = [application.path.with_name(application.path.name + ".lock")]
        case Requirement() | WheelFile() | Assembly():
            pass  # nothing is locked
    # One that is there but cannot be read is no reason to build without it.
    found = next((path for path in candidates if os.path.lexists(path)), None)
    if found and not is_regular(found):
        message = f"lockfile {found} is not a regular file"
        raise ConfigError(message, hint="regenerate it with `uv lock`, or delete it")
    if found and found.suffix == ".toml":
        require_hashes(found)
    if found is None and isinstance(application, Script) and application.configures_uv:
        message = (
            f"`[tool.uv]` in the metadata of {application.path} has no effect without a lockfile"
        )
        hint = f"run `uv lock --script {application.path.name}`, or remove `[tool.uv]`"
        raise ConfigError(message, hint=hint)
    return found


def _check_parts(request: Request) -> None:
    if request.settings.parts is not None and not isinstance(request.application, Assembly):
        message = "`parts` is not set in a pyproject.toml"
        raise ConfigError(message, hint="move it to `[tool.obelisk]` of a pyproject.toml")


def _check_packages(settings: Settings, folder: Path) -> None:
    for name in settings.no_binary:
        require_package_or_all(name, "no-binary")
    for name in settings.pure:
        require_package_name(name, "pure")
    for name in settings.build_packages:
        if "/" not in name or not is_folder(folder / name):
            require_library(name)
        else:
            _check_library_folder(name, folder / name)


def _check_library_folder(name: str, folder: Path) -> None:
    if str(folder.resolve()) in _SYSTEM_FOLDERS:
        message = f"`{name}` in `build-packages` contains the host's libraries"
        raise ConfigError(message, hint="use a directory with libraries built for musl")
    try:
        require_copyable(folder)
    except OSError as error:
        message = f"cannot read `{name}` in `build-packages`: {error.filename}: {error.strerror}"
        raise ConfigError(message) from error


def _check_requires_python(application: Application, python: Pin) -> None:
    if not isinstance(application, Script) or application.requires_python is None:
        return
    try:
        wanted = SpecifierSet(application.requires_python)
    except InvalidSpecifier as error:
        message = f"invalid `requires-python` in {application.path}: {error}"
        raise ConfigError(message) from error
    if not wanted.contains(python.version):
        message = f"{application.path} requires Python {wanted} (building for {python.version})"
        raise ConfigError(message, hint="choose another version with `--python`")


def _check_pins(pins: Pins, python: Pin) -> None:
    for pinned in pins.own:
        if pinned.name.startswith(PREFIX) and pinned.name != python.name:
            message = f"{pinned.own} pins a Python other than this executable's {python.version}"
            hint = f"remove the pin, or choose `--python {pinned.name.removeprefix(PREFIX)}`"
            raise ConfigError(message, hint=hint)
