"""`load`: names from files that are beside a configuration or below its folder."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.sequences import suggestion
from obelisk.config.starlark.text import quoted
from obelisk.config.starlark.unit import Statement, Unit
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError, ObeliskError

_USE: Final = 'write `load("./other.bzl", "name", alias = "name")`'
_OUTSIDE: Final = "files are loaded from the folder of the configuration, or from below"
_LABEL: Final = re.compile(r"(//)?([^:]*)(?::([^:]+))?")
_LONGEST: Final = 80


def is_load(node: ast.Expr) -> bool:
    """Return whether a statement is a call of `load`."""
    called = node.value
    return (
        isinstance(called, ast.Call)
        and isinstance(called.func, ast.Name)
        and called.func.id == "load"
    )


def load(unit: Unit, node: ast.Call, scope: Scope | None) -> Statement:
    """Execute `load`: assign names of another file."""
    if scope is not None:
        raise unit.error(node, "`load` must be outside of functions")
    label, *names = [_text(unit, argument) for argument in node.args] or [""]
    wanted = {name: name for name in names}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise unit.error(node, "`load` takes no `**`", _USE)
        wanted[keyword.arg] = _text(unit, keyword.value)
    if not label or not wanted:
        raise unit.error(node, "`load` needs a file and names", _USE)
    caller = unit.caller(node)

    def execute(_: Frame) -> None:
        try:
            exported = unit.load(label, caller)
            for name, original in wanted.items():
                unit.globals[name] = _exported(exported, original, label)
        except ObeliskError as error:
            unit.raise_at(node, error)
        unit.loaded.update(wanted)

    return execute


def path_of(label: str, beside: Path, root: Path) -> Path:
    """Return the file that a label in the file `beside` names; raise `ConfigError` if it may not.

    `//x.bzl` is relative to `root`, the folder of the configuration, others to the file's own.
    """
    found = _LABEL.fullmatch(label)
    if found is None or label.startswith("@"):
        message = f"cannot load {quoted(label[:_LONGEST])}"
        raise ConfigError(message, hint=_OUTSIDE)
    folder = root if found[1] else beside.parent
    path = folder / found[2] / found[3] if found[3] else folder / found[2]
    if "\0" in label or not _is_below(path, root):
        message = f"cannot load {quoted(label[:_LONGEST])}, which is elsewhere"
        raise ConfigError(message, hint=_OUTSIDE)
    return path


def _is_below(path: Path, root: Path) -> bool:
    """Return whether a file is in a folder, also when links are followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def exported(unit: Unit) -> Mapping[str, Value]:
    """Return the names that other files can load: not private ones, and not loaded ones."""
    return {
        name: value
        for name, value in unit.globals.items()
        if not name.startswith("_") and name not in unit.loaded
    }


def _text(unit: Unit, node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise unit.error(node, "`load` takes strings as they are written", _USE)


def _exported(names: Mapping[str, Value], name: str, label: str) -> Value:
    if name in names:
        return names[name]
    if name.startswith("_"):
        message = f"`{name[:_LONGEST]}` is private in {quoted(label)}"
        raise ConfigError(message, hint="names that begin with `_` cannot be loaded")
    message = f"{quoted(label)} has no `{name[:_LONGEST]}`"
    raise ConfigError(message, hint=suggestion(name, sorted(names)))
