"""Finding the entry point in what was collected."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from obelisk.config.application import Project
from obelisk.config.names import require_file_name
from obelisk.errors import ConfigError, did_you_mean
from obelisk.model import (
    COMMANDS,
    AllConsoleScripts,
    ConsoleScript,
    DataFile,
    EntryPoint,
    Module,
    Multicall,
    Package,
    ResolvedEntry,
    RunCode,
    RunModule,
    RunProgram,
    RunScript,
    ScriptFile,
)
from obelisk.plan import Plan, parse_entry


def resolve_entry(
    plan: Plan, packages: list[Package], modules: tuple[Module, ...]
) -> ResolvedEntry:
    """Return the entry point, with what is only known after installation.

    Raises `ConfigError` when there is no such command, module or function.
    """
    by_name = _by_name(modules)
    match plan.entry:
        case RunScript() | RunCode() as entry:
            return entry
        case RunModule() as entry:
            return _runnable(entry, by_name)
        case EntryPoint() as entry:
            return _callable(entry, by_name, plan)
        case ConsoleScript() as wanted:
            name, found = _command(wanted, packages)
            if isinstance(found, RunProgram):
                _require_programs(plan, found)
            if isinstance(found, ScriptFile | RunProgram):
                return found
            entry = _callable(parse_entry(found), by_name, plan)
            return replace(entry, command=name)
        case AllConsoleScripts() as wanted:
            commands = _package(wanted.package, packages).commands
            if not commands:
                raise _no_command(ConsoleScript(package=wanted.package, command=None), ())
            entries = []
            for name, text in commands:
                require_file_name(name, f"the console script of `{wanted.package}`")
                entries.append((name, _callable(parse_entry(text), by_name, plan)))
            return Multicall(commands=tuple(entries))


def _require_programs(plan: Plan, program: RunProgram) -> None:
    """Raise `ConfigError` where executables cannot run programs of wheels."""
    if plan.target.system == "windows":
        name = program.path.rpartition("/")[2]
        message = f"`{name}` is a program, not a Python command"
        hint = f"executables for {plan.target.triple} run Python alone: ship the program itself"
        raise ConfigError(message, hint=hint)


def main_path(entry: ResolvedEntry, plan: Plan, modules: tuple[Module, ...]) -> str:
    """Return the path in the executable of the file that is run."""
    match entry:
        case RunScript():
            return entry.path.name
        case RunModule():
            return _by_name(modules)[entry.module].path
        case ScriptFile():
            return f"{COMMANDS}/{entry.name}"
        case EntryPoint(command=str(name)):
            return f"{COMMANDS}/{name}"
        case EntryPoint() | RunCode() | Multicall():
            return f"{COMMANDS}/{plan.name}"
        case RunProgram():
            return ""


def installed_command(
    entry: ResolvedEntry, main: str, packages: list[Package], files: Iterable[DataFile]
) -> Path | None:
    """Return the installer's command for the entry at that path, or None."""
    found = next((file.source for file in files if file.path == main), None)
    if not isinstance(entry, EntryPoint):
        return found if isinstance(entry, ScriptFile) else None
    wanted = (main.rpartition("/")[2], f"{entry.module}:{entry.function}")
    commands = (
        (name, text.replace(" ", "")) for package in packages for name, text in package.commands
    )
    return found if wanted in commands else None


def _by_name(modules: tuple[Module, ...]) -> dict[str, Module]:
    """Return the modules that imports find: the application's own, then the standard library's."""
    ordered = sorted(
        modules, key=lambda module: (module.base != "", not module.from_stdlib, module.path)
    )
    found: dict[str, Module] = {}
    for module in ordered:
        for name in module.names:
            found.setdefault(name, module)
    return found


def _callable(entry: EntryPoint, by_name: dict[str, Module], plan: Plan) -> EntryPoint:
    """Return the entry point; raise `ConfigError` when there is nothing to call."""
    module = by_name.get(entry.module)
    if module is None:
        raise _missing_module(entry.module, by_name, plan)
    if not defines(module.source.read_bytes(), entry.function.split(".")[0]):
        message = f"module `{entry.module}` does not define `{entry.function}`"
        raise ConfigError(message, hint="check the entry point")
    return entry


def require_choice(wanted: ConsoleScript, package: Package) -> None:
    """Raise `ConfigError` if a package has several commands and none was chosen."""
    commands = _commands(package)
    if wanted.command is None and _chosen(wanted, package, commands) is None:
        raise _no_command(wanted, commands)


def _command(
    wanted: ConsoleScript, packages: list[Package]
) -> tuple[str, str | ScriptFile | RunProgram]:
    package = _package(wanted.package, packages)
    commands = _commands(package)
    name = _chosen(wanted, package, commands)
    if wanted.command is not None and name not in commands:
        # `mkdocs-material` has none of its own: what one runs is the command of a dependency.
        commands |= {n: found for other in packages for n, found in _commands(other).items()}
    if name is None or name not in commands:
        raise _no_command(wanted, commands)
    return name, commands[name]


def _chosen(wanted: ConsoleScript, package: Package, commands: Collection[str]) -> str | None:
    """Return the chosen command, or the only possible one of a package."""
    if wanted.command is not None or package.name in commands:
        return wanted.command or package.name
    main = dict(package.commands) or commands
    return next(iter(main)) if len(main) == 1 else None


def _commands(package: Package) -> dict[str, str | ScriptFile | RunProgram]:
    """Return the commands of a package; a console script takes precedence."""
    return {
        **{name: RunProgram(path=f"{COMMANDS}/{name}") for name in package.programs},
        **{script.name: script for script in package.scripts},
        **dict(package.commands),
    }


def _package(name: str, packages: list[Package]) -> Package:
    wanted = canonicalize_name(name)
    found = next(
        (package for package in packages if canonicalize_name(package.name) == wanted), None
    )
    if found is None:
        message = f"`{name}` is not installed: its environment marker excludes the target"
        raise ConfigError(
            message, hint="remove the marker (the part after `;`) from the requirement"
        )
    return found


def _no_command(wanted: ConsoleScript, commands: Collection[str]) -> ConfigError:
    package = wanted.package
    if wanted.command:
        message = f"no console script `{wanted.command}` in `{package}` or its dependencies"
        return ConfigError(message, hint=did_you_mean(wanted.command, commands))
    if not commands:
        message = f"`{package}` has no console scripts"
        hint = "choose one of a dependency with `--script`, or pass `--entry module:function`"
        return ConfigError(message, hint=hint)
    message = f"`{package}` has {len(commands)} console scripts"
    listed = ", ".join(f"`{name}`" for name in sorted(commands))
    hint = f"choose one with `--script`, or build all in one with `--multicall`: {listed}"
    return ConfigError(message, hint=hint)


def _runnable(entry: RunModule, modules: dict[str, Module]) -> RunModule:
    module = modules.get(entry.module)
    if module is None:
        message = f"module `{entry.module}` is not included in the executable"
        raise ConfigError(message, hint=did_you_mean(entry.module, modules))
    if not module.is_package:
        return entry
    main = f"{entry.module}.__main__"
    if main not in modules:
        message = f"package `{entry.module}` cannot be run: it has no `__main__` module"
        raise ConfigError(message)
    return RunModule(module=main)


def _missing_module(name: str, modules: dict[str, Module], plan: Plan) -> ConfigError:
    message = f"the entry point's module `{name}` is not included in the executable"
    hint = did_you_mean(name, modules)
    if not hint.startswith("did"):
        hint = "check the entry point"
        if isinstance(plan.application, Project):
            hint += ", and that the project's build includes this module"
    return ConfigError(message, hint=hint)


def defines(source: bytes, name: str) -> bool:
    """Return whether a module's text may define `name` at its top level; in doubt it does."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name in (name, "__getattr__"):
                    return True
            case ast.Import() | ast.ImportFrom():
                names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
                if name in names or "*" in names:
                    return True
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                return True
            case _:
                pass
    return False
