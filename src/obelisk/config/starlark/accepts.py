"""Whether a value is what an annotation of a host function or attribute asks for."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from obelisk.config.starlark.values import Function, Value, type_name
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


def require(what: str, value: Value, annotation: Annotation) -> None:
    """Raise `ConfigError` that names `what` unless the value is as the annotation says."""
    if accepts(value, annotation):
        return
    choices = _texts(annotation)
    if choices and isinstance(value, str):
        message = f'invalid value of {what}: "{value[:_LONGEST_VALUE]}"'
        raise ConfigError(message, hint=did_you_mean(value, choices))
    found = _first_misfit(value, annotation)
    message = f"{what} must be {describe(annotation)}, not {found or named(value)}"
    raise ConfigError(message)


def accepts(value: Value, annotation: Annotation) -> bool:
    """Return whether a value is as the annotation says."""
    origin, inner = _parts(annotation)
    if origin is Union:
        return any(accepts(value, choice) for choice in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is list and inner:
        return type(value) is list and all(accepts(item, inner[0]) for item in value)
    if origin is dict and inner:
        return type(value) is dict and all(
            accepts(key, inner[0]) and accepts(item, inner[1]) for key, item in value.items()
        )
    # True is no integer.
    return type(value) is origin if origin in _EXACT else isinstance(value, origin)


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


def named(value: Value) -> str:
    """Return what kind of value this is, with its article, for a message."""
    if value is None:
        return "None"
    name = type_name(value)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name.islower() else f"`{name}`"


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
    host_type = getattr(kind, "host_type", None)
    return f"`{host_type.name if host_type else kind.__name__}`"


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
                    return f"a list with {named(item)} as item {number}"
    return None
