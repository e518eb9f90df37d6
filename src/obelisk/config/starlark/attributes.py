"""Attributes and methods: those that tables name, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from obelisk.config.starlark.accepts import accepts, misfit
from obelisk.config.starlark.collection_methods import DICT_METHODS, LIST_METHODS
from obelisk.config.starlark.host import HostMethod, HostObject
from obelisk.config.starlark.sequences import suggestion
from obelisk.config.starlark.signature import invoke
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.string_methods import METHODS as STRING_METHODS
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

_METHODS: Final[Mapping[type, Mapping[str, Callable[..., Value]]]] = {
    str: STRING_METHODS,
    list: LIST_METHODS,
    dict: DICT_METHODS,
}
_READ: Final = 15
"""Steps for reading an attribute of the host."""
_LONGEST: Final = 80
"""Characters of a name that a message repeats."""


class _Method(Function):
    """A method of a string, list or dict."""

    def __init__(self, name: str, method: Callable[..., Value], owner: Value) -> None:
        super().__init__(name)
        self._method = method
        self._owner = owner

    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Check the arguments, and call the method with them."""
        return invoke(self.name, self._method, arguments, keywords, (self._owner, caller))


def attribute(value: Value, name: str, caller: Caller) -> Value:
    """Return `value.name`; raise `ConfigError` if there is no such attribute or method."""
    methods = _methods(value)
    if has_attribute(value, name):
        if not isinstance(value, HostObject):
            return _Method(name, methods[name], value)
        if name in methods:
            return HostMethod(name, methods[name], value)
        caller.spend(_READ)
        return value.get_attribute(name, caller)
    raise _unknown(value, name)


def set_attribute(value: Value, name: str, new: Value, caller: Caller) -> None:
    """Assign `value.name`; raise `ConfigError` if that is not possible."""
    if not isinstance(value, HostObject):
        message = f"attributes of {article(value)} cannot be assigned"
        raise ConfigError(message)
    if not has_attribute(value, name):
        raise _unknown(value, name)
    declared = value.host_type.attributes.get(name)
    if declared is None or not declared.assignable:
        message = f"`{name}` of `{value.type_name}` cannot be assigned"
        raise ConfigError(message)
    caller.stack.budget.host_call((new,))
    if not accepts(new, declared.accepts):
        what = f"`{name}` of `{value.type_name}`"
        raise misfit(what, new, declared.accepts)
    value.set_attribute(name, new, caller)


def has_attribute(value: Value, name: str) -> bool:
    """Return whether there is such an attribute or method."""
    if isinstance(value, HostObject):
        declared = value.host_type
        is_declared = name in declared.attributes or name in declared.methods
        return is_declared and value.has_attribute(name)
    return name in _methods(value)


def attribute_names(value: Value) -> list[str]:
    """Return the names of all attributes and methods, sorted."""
    if not isinstance(value, HostObject):
        return sorted(_methods(value))
    names = value.host_type.attributes.keys() | value.host_type.methods.keys()
    return sorted(name for name in names if value.has_attribute(name))


def _methods(value: Value) -> Mapping[str, Callable[..., Value]]:
    return (
        value.host_type.methods if isinstance(value, HostObject) else _METHODS.get(type(value), {})
    )


def _unknown(value: Value, name: str) -> ConfigError:
    message = f"{article(value)} has no attribute `{name[:_LONGEST]}`"
    return ConfigError(message, hint=suggestion(name, attribute_names(value)))
