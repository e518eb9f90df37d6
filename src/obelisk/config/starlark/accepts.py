"""Whether a value is what an annotation of a host function or attribute asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from obelisk.config.starlark.stack import Function
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError, did_you_mean

Annotation: TypeAlias = Any
"""`str`, `list[str]`, `Function | None`, `Literal["a", "b"]`, a class of host objects, `object`."""

_WORDS: Final[dict[Annotation, tuple[str, str]]] = {
    str: ("a string", "strings"),
    int: ("an integer", "integers"),
    bool: ("True or False", "booleans"),
    list: ("a list", "lists"),
    dict: ("a dict", "dicts"),
    tuple: ("a tuple", "tuples"),
    Function: ("a function", "functions"),
    NoneType: ("None", "None"),
    object: ("any value", "any values"),
}
"""Of a type, one value of it and several."""
_EXACT: Final[tuple[Any, ...]] = (str, int, bool, list, dict, tuple)
_LONGEST_VALUE: Final = 80
"""Characters of a string that a message repeats."""


def misfit(what: str, value: Value, annotation: Annotation) -> ConfigError:
    """Return the error for `what`, whose value is not as the annotation says."""
    choices = _texts(annotation)
    if choices and isinstance(value, str):
        message = f'invalid value of {what}: "{value[:_LONGEST_VALUE]}"'
        return ConfigError(message, hint=did_you_mean(value, choices))
    found = _first_misfit(value, annotation)
    message = f"{what} must be {describe(annotation)}, not {found or article(value)}"
    return ConfigError(message, hint=_in_list(value, annotation))


def _in_list(value: Value, annotation: Annotation) -> str | None:
    """Return a hint when a string is given where a list of them is taken."""
    if isinstance(value, str) and len(value) <= _LONGEST_VALUE and accepts([value], annotation):
        return f"put it in a list: `[{json.dumps(value, ensure_ascii=False)}]`"
    return None


def accepts(value: Value, annotation: Annotation) -> bool:
    """Return whether a value is as the annotation says."""
    return checker(annotation)(value)


@cache
def checker(annotation: Annotation) -> Callable[[Value], bool]:
    """Return what tells whether a value is as the annotation says."""
    origin, inner = _parts(annotation)
    checks = [] if origin is Literal else [checker(choice) for choice in inner]
    if origin is Union:
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in inner
    if origin is list and inner:
        (item,) = checks
        return lambda value: type(value) is list and all(map(item, value))
    if origin is dict and inner:
        key, item = checks
        return lambda value: (
            type(value) is dict and all(map(key, value)) and all(map(item, value.values()))
        )
    if origin in _EXACT:  # True is no integer
        return lambda value: type(value) is origin
    return lambda value: isinstance(value, origin)


def describe(annotation: Annotation) -> str:
    """Return what a value should be, with its article."""
    origin, inner = _parts(annotation)
    if origin is Union:
        words = [describe(choice) for choice in inner]
        return ", ".join(words[:-1]) + f" or {words[-1]}"
    if origin is Literal:
        return " or ".join(f'"{choice}"' for choice in inner)
    if origin is list and inner:
        return f"a list of {_several(inner[0])}"
    if origin is dict and inner:
        return f"a dict of {_several(inner[0])} to {_several(inner[1])}"
    return _WORDS[origin][0] if origin in _WORDS else _host_name(origin)


def _parts(annotation: Annotation) -> tuple[Any, tuple[Any, ...]]:
    """Return the type or special form, and what is in its brackets."""
    if annotation is None:
        return NoneType, ()
    origin: Any = get_origin(annotation)
    if origin is None:
        return annotation, ()
    return Union if origin is UnionType else origin, get_args(annotation)


def _choices_of(annotation: Annotation) -> tuple[Annotation, ...]:
    """Return the members of a union, or the annotation itself."""
    origin, inner = _parts(annotation)
    return inner if origin is Union else (annotation,)


def _several(annotation: Annotation) -> str:
    return _WORDS[annotation][1] if annotation in _WORDS else describe(annotation)


def _host_name(kind: type) -> str:
    """Return the name of a type; of what several types are, how it is called."""
    host_type = getattr(kind, "host_type", None)
    return f"`{host_type.name}`" if host_type else str(getattr(kind, "called", kind.__name__))


def _texts(annotation: Annotation) -> list[str]:
    """Return the strings that are accepted, if only some are."""
    return [
        text
        for choice in _choices_of(annotation)
        if _parts(choice)[0] is Literal
        for text in get_args(choice)
    ]


def _first_misfit(value: Value, annotation: Annotation) -> str | None:
    """Describe the item that makes a list be refused."""
    for choice in _choices_of(annotation):
        origin, inner = _parts(choice)
        if origin is list and inner and type(value) is list:
            for number, item in enumerate(value):
                if not accepts(item, inner[0]):
                    return f"a list with {article(item)} as item {number}"
    return None
