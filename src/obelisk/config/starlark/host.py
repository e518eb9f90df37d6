"""What a host gives to a configuration: functions, and objects with attributes and methods.

A function of the host is one of Python. It receives a `Caller`, then what its signature asks for::

    def register_target(
        caller: Caller, target: str, callable_: Function, depends: list[str] | None = None
    ) -> None:
        ...

    names = {"register_target": HostFunction("register_target", register_target)}

* Arguments come by position or by keyword; `/`, `*`, `*args` and `**keywords` mean what they mean
  in Python. A trailing underscore is not part of a parameter's name.
* Annotations are checked before the function is called: `str`, `int`, `bool`, `None`, `list`,
  `dict`, `tuple`, `list[str]`, `dict[str, int]`, `Function`, classes of host objects, `Literal` of
  strings, unions of all these, and `object` (or `Value`) for anything. True is no `int`, and a
  tuple is no `list`, as in Starlark.
* Annotations are read when the function is called first: what they name must have been imported,
  not only for type checking. A function with `**keywords` has a `/` after its `Caller`.
* What it returns is a value (`values.Value`). What it raises as `ConfigError(message, hint=...)`
  is reported at the call. The message need not repeat the place.
* A call costs steps, also for its arguments. A function that takes longer than that counts more
  with `caller.spend`, and one that finds files adds steps for each with `caller.give`.

An object is an instance of a subclass of `HostObject`, which names its `HostType`, a table::

    class Policy(HostObject):
        host_type = HostType(
            "PythonPackagingPolicy",
            attributes={"allow_files": Attribute(bool, default=False)},
            methods={"register_resource_callback": register_resource_callback},
        )

A method is such a function as above with the object before the `Caller`. An attribute that is
assigned is checked like an argument and kept in `values`; override `get_attribute` and
`set_attribute` to compute it or to refuse a value. Unknown names, types and keywords are errors
with "did you mean", made here. Nothing but what the tables name can be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from obelisk.config.starlark.accepts import Annotation
from obelisk.config.starlark.signature import Signature, invoke, signature_of
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that objects of a type have."""

    accepts: Annotation = object
    """What can be assigned, like the annotation of a parameter: `str | None`, `list[str]`."""
    default: Value = None
    """Its value before it is assigned; each object has a list or dict of its own."""
    assignable: bool = True


@dataclass(frozen=True, slots=True)
class HostType:
    """What objects of a type have; whatever is not named here does not exist for them."""

    name: str
    """What `type()` returns."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    methods: Mapping[str, Callable[..., Value]] = field(default_factory=dict)
    """Functions of (object, caller, parameters ...)."""


class HostObject:
    """A value of the host; a subclass sets `host_type` and overrides what it needs.

    `HostObject.__init__` must be called.
    """

    host_type: ClassVar[HostType]
    called: ClassVar[str]
    """What objects are called, with an article, if a class stands for several types."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        """The attributes that were assigned, or whose default was handed out."""

    @property
    def type_name(self) -> str:
        """What `type()` returns."""
        return self.host_type.name

    def get_attribute(self, name: str, caller: Caller) -> Value:
        """Return the value of an attribute that the type declares."""
        del caller
        if name not in self.values:
            default = self.host_type.attributes[name].default
            self.values[name] = default.copy() if isinstance(default, list | dict) else default
        return self.values[name]

    def set_attribute(self, name: str, value: Value, caller: Caller) -> None:
        """Assign an attribute that the type declares as assignable, of a type that it accepts."""
        del caller
        self.values[name] = value

    def has_attribute(self, name: str) -> bool:
        """Return whether an attribute or method is there for the configuration, for `hasattr`."""
        return name in self.host_type.attributes or name in self.host_type.methods

    def iterate(self) -> Iterable[Value]:
        """Return what `for` goes through; raise `ConfigError` if it cannot."""
        message = f"cannot iterate over `{self.type_name}`"
        raise ConfigError(message)

    def item(self, key: Value, caller: Caller) -> Value:
        """Return what `object[key]` is; raise `ConfigError` if there is no such."""
        del key, caller
        message = f"`{self.type_name}` has no items"
        raise ConfigError(message)

    def set_item(self, key: Value, value: Value, caller: Caller) -> None:
        """Assign `object[key]`; raise `ConfigError` if that is not possible."""
        del key, value, caller
        message = f"items of `{self.type_name}` cannot be assigned"
        raise ConfigError(message)

    def shown(self) -> str:
        """Return what `str()` and `repr()` show."""
        return f"<{self.type_name}>"


class HostFunction(Function):
    """A function that the host gives to a configuration."""

    def __init__(self, name: str, function: Callable[..., Value]) -> None:
        super().__init__(name)
        self._function = function

    @property
    def signature(self) -> Signature:
        """The parameters that it takes."""
        return signature_of(self._function, 1)

    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Check the arguments, and call the function with them."""
        caller.stack.budget.host_call((*arguments, *keywords.values()))
        return invoke(self.name, self._function, arguments, keywords, (caller,))


class HostMethod(Function):
    """A method of a host object together with the object."""

    def __init__(self, name: str, method: Callable[..., Value], owner: HostObject) -> None:
        super().__init__(name)
        self._method = method
        self._owner = owner

    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Check the arguments, and call the method with them."""
        caller.stack.budget.host_call((*arguments, *keywords.values()))
        return invoke(self.name, self._method, arguments, keywords, (self._owner, caller))
