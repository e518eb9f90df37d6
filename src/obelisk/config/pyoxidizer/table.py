"""Rows of the tables of the API, and the objects that are made of them.

A row says what a name means here, in words that `obelisk plan` and the reference show, and which
test shows it. What has no effect is noted, once, with the reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MethodType
from typing import ClassVar, TypeAlias

from obelisk.config.pyoxidizer.session import Session
from obelisk.config.starlark.accepts import Annotation
from obelisk.config.starlark.host import Attribute, HostFunction, HostObject, HostType
from obelisk.config.starlark.signature import taking
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value

Parameters: TypeAlias = Mapping[str, Annotation]
"""What parameters accept, by their names; those that accept None are optional."""


class Because(StrEnum):
    """Why something has no effect."""

    EVERYTHING = "everything is included in the executable, and `__file__` works"
    IMPORTER = "modules are imported by CPython's own machinery"
    BYTECODE = "all modules have bytecode of the level that `optimization_level` sets"
    STATIC = "the distribution is static; extension modules are linked in"
    ALLOCATOR = "C code and Python use mimalloc and pymalloc"
    EXECUTABLE = "the executable knows its own paths"
    ALWAYS = "it is always so"
    ISOLATED = "it does not exist in an executable"
    NO_COPYLEFT = "no library of the distribution has a copyleft license, and all are included"
    LICENSES = "licenses are in the executable: `obelisk licenses`"
    RELEASE = "executables are always optimized"
    SIGNING = "executables for Linux are not signed"
    OUTPUT = "`--output` chooses where executables are written"
    INSTALLER = "packages are installed by uv, into an empty directory"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A name of the API."""

    does: str
    """What Obelisk does."""
    test: str
    """The test that shows it, a function of tests/unit/test_pyoxidizer.py."""
    because: Because | None = None
    """Why it has no effect, if that is noted."""
    old: bool = False
    """Whether it is of PyOxidizer 0.10 and before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting(Row):
    """An attribute."""

    accepts: Annotation = object
    default: Value = None
    assignable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Method(Row):
    """A method, or a function."""

    function: Callable[..., Value]
    """Of the object (not if it is a function), the caller, and the parameters."""


def ignored(
    test: str, because: Because, accepts: Annotation = object, default: Value = None
) -> Setting:
    """Return the row of an attribute that has no effect."""
    return Setting(
        does=f"no effect: {because}", test=test, because=because, accepts=accepts, default=default
    )


class ApiObject(HostObject):
    """An object of the API; each subclass has the tables of its type."""

    rows: ClassVar[Mapping[str, Row]]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def set_attribute(self, name: str, value: Value, caller: Caller) -> None:
        """Assign an attribute, and remember what that means."""
        super().set_attribute(name, value, caller)
        default = self.host_type.attributes[name].default
        _remember(
            self.session, self.rows[name], f"{self.type_name}.{name}", caller, value != default
        )

    def value(self, name: str) -> Value:
        """Return the value of an attribute."""
        return self.values.get(name, self.host_type.attributes[name].default)


def host_type(name: str, rows: Mapping[str, Row]) -> HostType:
    """Return the type whose attributes and methods are those of a table."""
    return HostType(
        name,
        attributes={
            key: Attribute(row.accepts, row.default, row.assignable)
            for key, row in rows.items()
            if isinstance(row, Setting)
        },
        methods={
            key: _remembered(row, f"{name}.{key}")
            for key, row in rows.items()
            if isinstance(row, Method)
        },
    )


def making(kind: type[ApiObject], parameters: Parameters, row: Row) -> Method:
    """Return the row of a function that makes an object of a type; its arguments are not kept."""

    def make(session: Session, caller: Caller, *arguments: object, **keywords: object) -> ApiObject:
        del caller, arguments, keywords
        return kind(session)

    function = taking(make, parameters)
    return Method(does=row.does, test=row.test, because=row.because, function=function)


def host_function(session: Session, name: str, row: Method) -> HostFunction:
    """Return the function of a row, whose first parameter is the session."""

    @functools.wraps(row.function)
    def called(own: Session, caller: Caller, *arguments: Value, **keywords: Value) -> Value:
        _remember(own, row, name, caller)
        return row.function(own, caller, *arguments, **keywords)

    return HostFunction(name, MethodType(called, session))


def _remembered(row: Method, name: str) -> Callable[..., Value]:
    @functools.wraps(row.function)
    def called(own: ApiObject, caller: Caller, *arguments: Value, **keywords: Value) -> Value:
        _remember(own.session, row, name, caller)
        return row.function(own, caller, *arguments, **keywords)

    return called


def _remember(session: Session, row: Row, name: str, caller: Caller, noted: bool = True) -> None:
    session.understood(name, row.does, caller)
    if row.old:
        session.warn_old(name, caller)
    if row.because is not None and noted:
        session.without_effect(name, row.because, caller)
