"""What an executable runs: `run_command`, `run_module`, `run_filename`, or a prompt."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Final

from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.starlark.errors import StarlarkError
from obelisk.errors import ConfigError
from obelisk.services.regular import is_regular

_AS_PYTHON: Final = (
    'import os, sys\nos.execv(sys.executable, [sys.executable, "--python", *sys.argv[1:]])'
)
"""Code of an executable that is `python`."""


def entry_settings(config: Config, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that say what is run, and notes; raise `ConfigError` with the place."""
    command, module, name = (
        config.value(key) for key in ("run_command", "run_module", "run_filename")
    )
    if command:
        _require_text(config, str(command))
        return _of_command(str(command)), []
    if module:
        return {"module": str(module)}, []
    if name:
        return _of_file(config, str(name), folder)
    if config.value("config_profile") == "python":
        note = "the executable behaves like `python`: `config_profile` is that of Python"
        return {"code": _AS_PYTHON, "interpreter": {"python-option": True}}, [note]
    note = "the executable is a prompt: none of `run_command`, `run_module`, `run_filename` is set"
    return {"module": "code"}, [note]


def _require_text(config: Config, code: str) -> None:
    """Raise `ConfigError` for code that no file can have: it has bytes of a path or variable."""
    try:
        code.encode()
    except UnicodeEncodeError:
        raise _at(config, "run_command", "`run_command` is not valid UTF-8", None) from None


def _of_command(code: str) -> dict[str, Any]:
    entry = entry_of(code)
    return {"entry": entry} if entry else {"code": code}


def _of_file(config: Config, name: str, folder: Path) -> tuple[dict[str, Any], list[str]]:
    path = folder / name
    if is_regular(path):
        relative = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        return {"file": relative}, [f"`run_filename`: {relative} is included and run as a script"]
    message = f"`run_filename` is not a file beside the configuration: {name}"
    hint = "set it to the path of a script, which is included; other files cannot be run"
    raise _at(config, "run_filename", message, hint)


def _at(config: Config, name: str, message: str, hint: str | None) -> ConfigError:
    """Return an error at the place where an attribute was assigned."""
    place = config.places.get(name)
    if place is None:
        return ConfigError(message, hint=hint)
    return StarlarkError(message, place, hint=hint)


def entry_of(code: str) -> str | None:
    """Return the `module:function` that means the same as code, None if there is none.

    An entry point exits with what its function returns, so only code that does so is one.
    """
    try:
        statements = ast.parse(code.strip()).body
    except (SyntaxError, ValueError):
        return None
    imported: dict[str, str] = {}
    for statement in statements[:-1]:
        match statement:
            case ast.Import(names=[ast.alias(name=name, asname=None)]):
                imported[name] = name
            case ast.ImportFrom(module=str(module), names=[ast.alias(name=name)], level=0):
                imported[statement.names[0].asname or name] = f"{module}:{name}"
            case _:
                return None
    match statements[-1:]:
        case [
            ast.Expr(
                ast.Call(ast.Attribute(ast.Name("sys"), "exit"), [ast.Call(called, [], [])], [])
            )
        ]:
            return _entry(ast.unparse(called), imported) if imported.get("sys") == "sys" else None
        case _:
            return None


def _entry(called: str, imported: dict[str, str]) -> str | None:
    if ":" in imported.get(called, ""):
        return imported[called]
    module, dot, function = called.rpartition(".")
    return f"{module}:{function}" if dot and imported.get(module) == module else None
