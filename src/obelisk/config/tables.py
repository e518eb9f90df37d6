"""TOML tables as frozen dataclasses: the type of a field defines its valid values.

A field is a `str`, `int`, `bool`, `tuple[str, ...]`, a `StrEnum`, one of these or None, another
such dataclass, which is a table of its own, or `tuple[tuple[str, Dataclass], ...]`: such tables by
their names. `Annotated[int, Range(...)]` bounds a number. The text under a field is its description
in the reference.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from obelisk.config.toml import shown
from obelisk.errors import ConfigError, did_you_mean

_T = TypeVar("_T")
_LONGEST_KEY: Final = 80
"""Characters of a key that a message repeats."""


@dataclass(frozen=True, slots=True)
class Range:
    """The bounds of a whole number, both included."""

    lowest: int
    highest: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OldNames:
    """Keys and values of a table that were renamed; the old ones are read with a warning."""

    keys: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    """Of a key, the new name of each old value."""


def apply_table(
    settings: _T,
    table: Mapping[str, Any],
    where: str,
    warn: Callable[[str], None] = lambda _: None,
) -> _T:
    """Return `settings`, a dataclass, with a table's values; raise `ConfigError` for invalid ones.

    `warn` receives a message for each name that `OLD_NAMES` of the dataclass has as an old one.
    """
    table = _with_new_names(getattr(type(settings), "OLD_NAMES", None), table, where, warn)
    hints = get_type_hints(type(settings), include_extras=True)
    known = {key_of(field.name): field.name for field in fields(settings)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            message = f"unknown key `{key[:_LONGEST_KEY]}` in {where}"
            raise ConfigError(message, hint=did_you_mean(key, known))
        name = known[key]
        if is_dataclass(hints[name]):
            values[name] = _inner(key, value, getattr(settings, name), where)
        elif (kind := _named_tables(hints[name])) is not None:
            values[name] = _named(key, value, getattr(settings, name), kind, where)
        else:
            values[name] = _convert(key, value, hints[name], where)
    return replace(settings, **values)  # type: ignore[type-var]


def documented_fields(settings: type) -> list[tuple[str, object, str]]:
    """Return (key, default, meaning) of every field of a dataclass that is no table itself."""
    (tree,) = ast.parse(inspect.getsource(settings)).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - for mypy
    meanings = {
        ast.unparse(one.target): ast.literal_eval(two.value)
        for one, two in pairwise(tree.body)
        if isinstance(one, ast.AnnAssign) and isinstance(two, ast.Expr)
    }
    defaults = settings()
    return [
        (key_of(field.name), getattr(defaults, field.name), " ".join(meanings[field.name].split()))
        for field in fields(settings)
        if not is_dataclass(getattr(defaults, field.name))
    ]


def key_of(name: str) -> str:
    """Return how a field is written in TOML."""
    return name.replace("_", "-")


def _with_new_names(
    old: OldNames | None, table: Mapping[str, Any], where: str, warn: Callable[[str], None]
) -> Mapping[str, Any]:
    if old is None:
        return table
    renamed = {}
    for key, value in table.items():
        name = old.keys.get(key, key)
        if name != key:
            if name in table:
                message = f"`{name}` is set twice in {where}, once by its old name `{key}`"
                raise ConfigError(message, hint=f"remove `{key}`")
            warn(f"`{key}` in {where} is deprecated; use `{name}` instead")
        new = old.values.get(name, {}).get(value) if isinstance(value, str) else None
        if new is not None:
            warn(f'`{name} = "{value}"` in {where} is deprecated; use `{name} = "{new}"` instead')
        renamed[name] = value if new is None else new
    return renamed


def _inner(key: str, value: object, current: object, where: str) -> object:
    shorthand = getattr(type(current), "SHORTHAND", None)
    if isinstance(value, bool) and shorthand is not None:
        value = {shorthand: value}
    if isinstance(value, Mapping) and hasattr(current, "with_table"):
        return current.with_table(value, f"`{key}` of {where}")
    if isinstance(value, Mapping):
        return apply_table(current, value, f"`{key}` of {where}")
    message = f"`{key}` in {where} must be a table, not {shown(value)}"
    raise ConfigError(message)


def _named_tables(hint: Any) -> type | None:  # noqa: ANN401
    """Return the dataclass of `tuple[tuple[str, Dataclass], ...]`: tables by names, in order."""
    pair = next(iter(get_args(hint)), None) if get_origin(hint) is tuple else None
    _, kind = get_args(pair) if get_origin(pair) is tuple else (None, None)
    return kind if isinstance(kind, type) and is_dataclass(kind) else None


def _named(
    key: str, value: object, current: tuple[tuple[str, object], ...], kind: type, where: str
) -> tuple[tuple[str, object], ...]:
    if not isinstance(value, Mapping):
        message = f"`{key}` in {where} must be a table of tables, not {shown(value)}"
        raise ConfigError(message)
    found = dict(current)
    for name, table in value.items():
        inside = f"`{key}` of {where}"
        found[name] = _inner(name[:_LONGEST_KEY], table, found.get(name, kind()), inside)
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


def _convert(key: str, value: object, hint: Any, where: str) -> object:  # noqa: ANN401
    bounds = None
    if get_origin(hint) is Annotated:
        hint, bounds = get_args(hint)
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if get_origin(hint) in (Union, UnionType):
        (hint,) = kinds
        if get_origin(hint) is Annotated:
            hint, bounds = get_args(hint)
    converted, problem = _as_kind(value, hint)
    if problem is None and bounds and not bounds.lowest <= value <= bounds.highest:
        problem = f"between {bounds.lowest} and {bounds.highest}"
    if problem is None:
        return converted
    message = f"`{key}` in {where} must be {problem}, not {shown(value)}"
    raise ConfigError(message)


def _as_kind(value: object, kind: Any) -> tuple[object, str | None]:  # noqa: ANN401
    """Return the value as a field holds it, and what it should have been when it is not that."""
    if get_origin(kind) is tuple:
        if isinstance(value, list) and all(_is_text(item) for item in value):
            return tuple(value), None
        return None, "a list of UTF-8 strings"
    if issubclass(kind, StrEnum):
        if isinstance(value, str) and value in tuple(kind):
            return kind(value), None
        return None, "one of " + ", ".join(f'"{choice}"' for choice in kind)
    if type(value) is kind and (kind is not str or (value and _is_text(value))):
        return value, None
    return None, {
        str: "a non-empty UTF-8 string",
        int: "an integer",
        bool: "true or false",
    }[kind]


def _is_text(value: object) -> bool:
    """Return whether a value is text that can be part of a path, an argument and a UTF-8 file.

    From the command line may come what is not UTF-8, from TOML a zero byte.
    """
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
