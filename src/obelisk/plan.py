"""Deciding everything before anything is done: no network, no tools, only what can be read.

`obelisk plan` prints what this returns.
"""

from __future__ import annotations

import keyword
import os
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from obelisk.config.installer import InstallerConfig, installer_config
from obelisk.config.interpreter import Interpreter, check_interpreter
from obelisk.config.names import require_file_name, require_package_name, require_package_or_all
from obelisk.config.pylock import require_hashes
from obelisk.config.request import Application, Project, Request, Requirement, Script, WheelFile
from obelisk.config.requirements import Requirements, read_requirements
from obelisk.config.settings import Profile, Settings, Storage
from obelisk.config.tables import key_of
from obelisk.config.toml import shown
from obelisk.config.training import check_training
from obelisk.distribution.test_suite import TEST_PACKAGE
from obelisk.distribution.versions import python_source
from obelisk.errors import ConfigError, did_you_mean
from obelisk.model import AllConsoleScripts, ConsoleScript, Entry, EntryPoint, RunModule, RunScript
from obelisk.payload.filetimes import VARIABLE, source_date_epoch
from obelisk.recipes import RECIPES, require_library
from obelisk.services.pins import Pin
from obelisk.services.regular import is_folder, is_regular, require_copyable
from obelisk.target import Target, parse_target

_SHOWN: Final = (
    *("extra_requirements", "include", "exclude", "pure", "no_binary", "native_libraries", "data"),
    *("optimize", "unbuffered", "integrity", "bundle_certificates"),
    *("bundle_time_zones", "train"),
)
"""Settings that `obelisk plan` prints as they are."""

_SYSTEM_FOLDERS: Final = ("/", "/usr", "/usr/local")
"""Where this machine's own libraries are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One executable to build."""

    name: str
    """File name of the executable."""
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
    source_date_epoch: int | None = None
    """The time of the files inside, in seconds since 1970; None: made from their content."""
    refresh: bool = False
    """Whether indexes are asked even if what is known of them has not expired."""

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
    def train_record(self) -> Path | None:
        """The file that keeps what training saw."""
        name = self.settings.train_record
        return self.folder / name if name else None

    @property
    def provided_libraries(self) -> tuple[str, ...]:
        """Sonames of shared libraries that are linked in when a shared object needs them."""
        return tuple(name for recipe in RECIPES.values() for name in recipe.shared)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One thing that was decided, and why: a line of `obelisk plan`."""

    what: str
    value: str
    why: str


def make_plans(request: Request) -> list[Plan]:
    """Return a plan for each executable that the request asks for.

    Raises `ConfigError` when target, Python, entry point or files are not there.
    """
    settings = request.settings
    python = python_source(settings.python)
    check_interpreter(settings.interpreter, python.version)
    _check_requires_python(request.application, python)
    _check_packages(settings, request.folder)
    lock = _lock(request.application)
    files = tuple(request.folder / name for name in settings.requirements)
    requirements = read_requirements(files, request.folder, settings.extra_requirements)
    target, entries = parse_target(settings.target), _named_entries(request)
    check_training(settings, target, request.folder, len(entries))
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
            source_date_epoch=source_date_epoch(os.environ),
        )
        for name, entry in entries
    ]


def explain(plan: Plan) -> list[Decision]:
    """List what was decided and the reason of each decision."""
    settings, defaults = plan.settings, Settings()
    decisions = [
        Decision(what="application", value=_describe(plan.application), why="given"),
        Decision(what="executable", value=plan.name, why="`name`" if settings.name else "default"),
        Decision(
            what="target",
            value=plan.target.triple,
            why="default" if settings.target == defaults.target else "`target`",
        ),
        Decision(
            what="python",
            value=plan.python.version,
            why="default" if settings.python == defaults.python else "`python`",
        ),
        Decision(what="entry", value=_describe_entry(plan.entry), why=_entry_reason(plan)),
        Decision(what="dependencies", value=_describe_dependencies(plan), why="found"),
        *_installer_decisions(plan.installer),
        _times_decision(plan.source_date_epoch),
        Decision(what="extension-modules", value=plan.abi, why="`python` and `target`"),
        Decision(
            what="provided-libraries",
            value=_listed(plan.provided_libraries),
            why="linked in if a wheel needs them",
        ),
        Decision(
            what="build-packages",
            value=_listed(plan.build_packages),
            why="`build-packages`" if plan.build_packages else "default",
        ),
        Decision(
            what="python-tests",
            value="included" if plan.has_tests else "excluded",
            why="`include`" if plan.has_tests else "default",
        ),
    ]
    decisions += _storage_decisions(settings)
    for field in _SHOWN:
        value, default = getattr(settings, field), getattr(defaults, field)
        decisions.append(_setting(key_of(field), value, why=value != default))
    for own in fields(Interpreter):
        value = getattr(settings.interpreter, own.name)
        if value != getattr(defaults.interpreter, own.name):
            decisions.append(_setting(f"interpreter.{key_of(own.name)}", value, why=True))
    return decisions


def _storage_decisions(settings: Settings) -> list[Decision]:
    is_default = settings.profile == Profile.DEFAULT
    found = [_setting("profile", settings.profile, why=not is_default)]
    for field in fields(Storage):
        shown = str(getattr(settings.storage, field.name)).lower()
        by_profile = "default" if is_default else "`profile`"
        why = by_profile if getattr(settings, field.name) is None else f"`{key_of(field.name)}`"
        found.append(Decision(what=key_of(field.name), value=shown, why=why))
    return found


def _installer_decisions(config: InstallerConfig) -> list[Decision]:
    files = [(config.project, "the project's")] if config.project else []
    files += [(path, "the user's or the system's") for path in config.user]
    shown = ", ".join(str(path) for path, _ in files) or "-"
    why = ", ".join(dict.fromkeys(whose for _, whose in files)) or "none found"
    variables = ", ".join(config.variables) or "-"
    return [
        Decision(what="uv-configuration", value=shown, why=why),
        Decision(what="uv-variables", value=variables, why="environment"),
    ]


def _times_decision(epoch: int | None) -> Decision:
    if epoch is None:
        return Decision(what="file-times", value="derived from each file's content", why="default")
    shown = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    return Decision(what="file-times", value=shown, why=f"`{VARIABLE}`")


def _setting(key: str, value: object, *, why: bool) -> Decision:
    shown = _listed(value) if isinstance(value, tuple) else str(value).lower()
    return Decision(what=key, value=shown, why=f"`{key}`" if why else "default")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "-"


def _named_entries(request: Request) -> list[tuple[str, Entry]]:
    settings, application = request.settings, request.application
    chosen = [key for key in ("script", "entry", "module") if getattr(settings, key)]
    if len(chosen) > 1:
        message = "more than one entry point: " + " and ".join(f"`{k}`" for k in chosen)
        raise ConfigError(message, hint="keep one of them")
    name = settings.name or _default_name(application)
    if settings.multicall:
        return [(name, _all_commands(application, chosen))]
    if settings.entry:
        return [(name, parse_entry(settings.entry))]
    if settings.module:
        return [(name, RunModule(module=settings.module))]
    match application:
        case Project():
            return _project_entries(application, settings)
        case Script():
            require_file_name(application.path.stem, "the script's name")
            return [(name, RunScript(path=application.path))]
        case Requirement() | WheelFile():
            name = settings.name or settings.script or application.name
            return [(name, ConsoleScript(package=application.name, command=settings.script))]


def _all_commands(application: Application, chosen: list[str]) -> AllConsoleScripts:
    if chosen:
        message = f"`multicall` and `{chosen[0]}` exclude each other: all console scripts, or one"
        raise ConfigError(message, hint="remove one of the two")
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
        case Requirement() | WheelFile():
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


def _describe(application: Application) -> str:
    match application:
        case Project():
            return f"project {application.name} in {application.folder}"
        case Script():
            return f"script {application.path}"
        case Requirement():
            return f"requirement {application.text}"
        case WheelFile():
            return f"wheel {application.path}"


def _describe_entry(entry: Entry) -> str:
    match entry:
        case EntryPoint():
            return f"{entry.module}:{entry.function}"
        case RunModule():
            return f"module {entry.module}"
        case RunScript():
            return f"script {entry.path.name}"
        case AllConsoleScripts():
            return f"console scripts of {entry.package}"
        case ConsoleScript():
            return f"console script {entry.command or 'of ' + entry.package}"


def _entry_reason(plan: Plan) -> str:
    for key in ("entry", "module", "script"):
        if getattr(plan.settings, key):
            return f"`{key}`"
    return "`[project.scripts]`" if isinstance(plan.application, Project) else "default"


def _describe_dependencies(plan: Plan) -> str:
    parts = [str(plan.lock)] if plan.lock else []
    parts += map(str, plan.requirement_files)
    if isinstance(plan.application, Script):
        parts += plan.application.dependencies
    return ", ".join(parts) or "the application's own metadata"
