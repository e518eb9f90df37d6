"""What a value of Starlark is."""

from __future__ import annotations

from typing import Final, TypeAlias

Value: TypeAlias = object
"""None, bool, int, str, list, tuple, dict, range, `stack.Function` or `host.HostObject`."""

_NAMES: Final[dict[type, str]] = {
    type(None): "NoneType",
    bool: "bool",
    int: "int",
    str: "string",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    range: "range",
}


def type_name(value: Value) -> str:
    """Return the name that `type()` gives for a value."""
    return _NAMES.get(type(value)) or str(value.type_name)  # type: ignore[attr-defined]


def article(value: Value) -> str:
    """Return what kind of value this is, with its article, for a message."""
    if value is None:
        return "None"
    name = type_name(value)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name.islower() else f"`{name}`"
