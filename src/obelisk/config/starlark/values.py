"""What a value of Starlark is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, TypeAlias

from obelisk.config.starlark.errors import Place
from obelisk.config.starlark.stack import Caller

Value: TypeAlias = object
"""None, bool, int, str, list, tuple, dict, range, `Function` or `host.HostObject`; nothing else."""

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


class Function(ABC):
    """What can be called: a function of the configuration, of the language, or of the host."""

    type_name = "function"
    place: Place | None = None
    """Where it is defined, if in a configuration."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Return the result for these arguments; raise `ConfigError`."""


def type_name(value: Value) -> str:
    """Return the name that `type()` gives for a value."""
    return _NAMES.get(type(value)) or str(value.type_name)  # type: ignore[attr-defined]


def article(value: Value) -> str:
    """Return what kind of value this is, with its article, for a message."""
    if value is None:
        return "None"
    name = type_name(value)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name.islower() else f"`{name}`"
