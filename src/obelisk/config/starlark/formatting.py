"""Filling values into strings: `%` and `str.format`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.text import Pieces, to_source, to_text
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

_PERCENT: Final = re.compile(r"%(?:\(([^)]*)\))?(.?)", re.DOTALL)
_INTEGER: Final = {"d": "d", "i": "d", "o": "o", "x": "x", "X": "X"}
_HIGHEST: Final = 0x10FFFF
_FIELD: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FIELD_NAME: Final = re.compile(r"\w*")


def percent(template: str, values: Value, budget: Budget) -> str:
    """Return `template % values`: a tuple of values, a dict for `%(name)s`, or one value."""
    given = values if isinstance(values, tuple) else (values,)
    result = Pieces(budget)
    used = end = 0
    by_name = False
    for found in _PERCENT.finditer(template):
        result.add(template[end : found.start()])
        end = found.end()
        name, kind = found.groups()
        if kind == "%" and name is None:
            result.add("%")
        elif name is not None:
            by_name = True
            result.add(_converted(kind, _entry(values, name), budget))
        elif used == len(given):
            message = "not enough values for the `%` in the string"
            raise ConfigError(message, hint="write `%%` for a percent sign")
        else:
            result.add(_converted(kind, given[used], budget))
            used += 1
    if used < len(given) and not by_name:
        message = f"{len(given)} values for {used} `%` in the string"
        raise ConfigError(message)
    result.add(template[end:])
    return result.joined()


def fill(
    template: str, values: Sequence[Value], keywords: Mapping[str, Value], budget: Budget
) -> str:
    """Return `template.format(...)`: fields are `{}`, `{0}` and `{name}`, perhaps with `!r`."""
    result = Pieces(budget)
    end = automatic = 0
    has_number = False
    for found in _FIELD.finditer(template):
        result.add(template[end : found.start()])
        end = found.end()
        if found[1] is None:
            result.add(_brace(found[0]))
            continue
        name, bang, conversion = found[1].partition("!")
        has_number |= name.isdecimal()
        if not name:
            name = str(automatic)
            automatic += 1
        if has_number and automatic:
            message = "fields with and without a number cannot be mixed in `format`"
            raise ConfigError(message)
        value = _field(name, values, keywords)
        if bang and conversion not in ("r", "s"):
            raise _no_field(found[1])
        result.add((to_source if conversion == "r" else to_text)(value, budget))
    result.add(template[end:])
    return result.joined()


def _converted(kind: str, value: Value, budget: Budget) -> str:
    if kind == "s":
        return to_text(value, budget)
    if kind == "r":
        return to_source(value, budget)
    if kind in _INTEGER and type(value) is int:
        return format(value, _INTEGER[kind])
    if kind == "c" and isinstance(value, str) and len(value) == 1:
        return value
    if kind == "c" and type(value) is int:
        return _character(value)
    if kind in _INTEGER or kind == "c":
        message = f"`%{kind}` does not take {article(value)}"
        raise ConfigError(message)
    message = f"`%{kind}` is not a conversion" if kind else "the string ends with a single `%`"
    raise ConfigError(message, hint="there are %s, %r, %d, %x, %o and %c; %% is a percent sign")


def _character(value: int) -> str:
    if not 0 <= value <= _HIGHEST or 0xD800 <= value < 0xE000:
        message = f"`%c` does not take {value}, which is no character"
        raise ConfigError(message)
    return chr(value)


def _entry(values: Value, name: str) -> Value:
    if isinstance(values, dict) and name in values:
        return values[name]
    message = f"`%({name[:80]})` has no value" if isinstance(values, dict) else "`%(` needs a dict"
    raise ConfigError(message)


def _brace(found: str) -> str:
    if found in ("{{", "}}"):
        return found[0]
    message = f"single `{found}` in a string for `format`"
    raise ConfigError(message, hint=f"write `{found * 2}` for the character itself")


def _field(name: str, values: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    if name.isdecimal():
        if len(name) < 10 and int(name) < len(values):
            return values[int(name)]
        message = f"`format` has no value for field {name[:80]}"
        raise ConfigError(message)
    if name in keywords:
        return keywords[name]
    if not _FIELD_NAME.fullmatch(name):
        raise _no_field(name)
    message = f"`format` has no value for `{name[:80]}`"
    raise ConfigError(message)


def _no_field(field: str) -> ConfigError:
    hint = "fields are {}, {0} and {name}; widths and attributes are not part of Starlark"
    return ConfigError(f"invalid field `{{{field[:80]}}}` for `format`", hint=hint)
