"""Which arguments a function takes, and matching them with those of a call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from obelisk.config.starlark.accepts import Annotation, accepts, misfit
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError, did_you_mean


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter of a function."""

    name: str
    """As it is written in a configuration."""
    required: bool = True
    default: Value = None
    accepts: Annotation = object
    variable: str = ""
    """As it is written in our own function."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The parameters of a function."""

    positional_only: tuple[Parameter, ...] = ()
    either: tuple[Parameter, ...] = ()
    """Those that are given by position or by keyword."""
    keyword_only: tuple[Parameter, ...] = ()
    rest: Parameter | None = None
    """What takes further arguments, `*args`."""
    keywords: Parameter | None = None
    """What takes further keywords, `**kwargs`."""

    @functools.cached_property
    def positional(self) -> tuple[str, ...]:
        """The names of parameters that can be given by position."""
        return tuple(parameter.name for parameter in self.positional_only + self.either)

    @functools.cached_property
    def named(self) -> Mapping[str, Parameter]:
        """The parameters that can be given by keyword, by name."""
        return {parameter.name: parameter for parameter in self.either + self.keyword_only}

    @functools.cached_property
    def required(self) -> tuple[str, ...]:
        """The names of parameters that must be given."""
        return tuple(parameter.name for parameter in self.parameters if parameter.required)

    @functools.cached_property
    def special(self) -> bool:
        """Whether there are parameters that positional arguments alone do not set."""
        return bool(self.keyword_only or self.rest or self.keywords)

    @functools.cached_property
    def checked(self) -> tuple[Parameter, ...]:
        """The parameters that do not take every value."""
        return tuple(one for one in self.parameters if one.accepts is not object)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, but for what takes further arguments."""
        return self.positional_only + self.either + self.keyword_only


@functools.cache
def signature_of(function: Callable[..., Value], skip: int = 1) -> Signature:
    """Return the signature of a host function, without its first `skip` parameters."""
    hints = get_type_hints(function)
    kinds: dict[Any, list[Parameter]] = {}
    for parameter in list(inspect.signature(function).parameters.values())[skip:]:
        required = parameter.default is inspect.Parameter.empty
        kinds.setdefault(parameter.kind, []).append(
            Parameter(
                name=parameter.name.removesuffix("_"),
                required=required,
                default=None if required else parameter.default,
                accepts=hints.get(parameter.name, _declared(parameter)),
                variable=parameter.name,
            )
        )
    kind = inspect.Parameter
    return Signature(
        positional_only=tuple(kinds.get(kind.POSITIONAL_ONLY, ())),
        either=tuple(kinds.get(kind.POSITIONAL_OR_KEYWORD, ())),
        keyword_only=tuple(kinds.get(kind.KEYWORD_ONLY, ())),
        rest=next(iter(kinds.get(kind.VAR_POSITIONAL, ())), None),
        keywords=next(iter(kinds.get(kind.VAR_KEYWORD, ())), None),
    )


def taking(
    function: Callable[..., Value], parameters: Mapping[str, Annotation]
) -> Callable[..., Value]:
    """Return a host function that takes these parameters, by position or keyword.

    The function itself has two parameters more, before them, and takes whatever follows. What
    accepts None is optional.
    """

    @functools.wraps(function)
    def call(*arguments: object, **keywords: object) -> Value:
        return function(*arguments, **keywords)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    before = list(inspect.signature(function).parameters.values())[:2]
    made = [
        inspect.Parameter(
            name,
            kind,
            annotation=accepted,
            default=None if accepts(None, accepted) else inspect.Parameter.empty,
        )
        for name, accepted in parameters.items()
    ]
    call.__signature__ = inspect.Signature([*before, *made])  # type: ignore[attr-defined]
    return call


def _declared(parameter: inspect.Parameter) -> Annotation:
    """Return the annotation of a parameter in a signature that was made."""
    declared = parameter.annotation
    return object if isinstance(declared, str) or declared is parameter.empty else declared


def invoke(
    name: str,
    function: Callable[..., Value],
    arguments: list[Value],
    keywords: dict[str, Value],
    before: tuple[object, ...],
) -> Value:
    """Return what our own function returns for `before` and the arguments of a call.

    Raises `ConfigError` for arguments that do not match its signature.
    """
    signature = signature_of(function, len(before))
    values, _, further = bind(name, signature, arguments, keywords)
    if not keywords:
        return function(*before, *arguments)
    named = signature.named
    given = {named[word].variable: values[word] for word in keywords if word in named}
    return function(*before, *arguments, **given, **further)


def bind(
    function: str, signature: Signature, arguments: list[Value], keywords: dict[str, Value]
) -> tuple[dict[str, Value], list[Value], dict[str, Value]]:
    """Return the values of parameters, further arguments, and further keywords.

    Parameters that the call leaves out are not in the first. Raises `ConfigError` for arguments
    that the function does not take, for missing ones, and for types that it does not accept.
    """
    positional = signature.positional
    if len(arguments) > len(positional) and signature.rest is None:
        raise _too_many(function, len(positional), len(arguments))
    values = dict(zip(positional, arguments, strict=False))
    further: dict[str, Value] = {}
    for name, value in keywords.items():
        if name in signature.named:
            if name in values:
                message = f"`{function}` is given `{name}` twice"
                raise ConfigError(message)
            values[name] = value
        elif signature.keywords is not None:
            further[name] = value
        else:
            raise _unknown(function, name, signature.named)
    missing = [f"`{name}`" for name in signature.required if name not in values]
    if missing:
        several = "s" if len(missing) > 1 else ""
        message = f"`{function}` is missing the argument{several} {', '.join(missing)}"
        raise ConfigError(message)
    for parameter in signature.checked:
        if parameter.name in values and not accepts(values[parameter.name], parameter.accepts):
            raise _misfit(function, signature, parameter, values)
    return values, arguments[len(positional) :], further


def _misfit(
    function: str, signature: Signature, parameter: Parameter, values: dict[str, Value]
) -> ConfigError:
    what = f"`{parameter.name}` of `{function}`"
    error = misfit(what, values[parameter.name], parameter.accepts)
    error.hint = error.hint or _swapped(signature, parameter, values)
    return error


def _swapped(signature: Signature, wrong: Parameter, values: dict[str, Value]) -> str | None:
    """Return a hint when the value of another parameter was meant, and the other way round."""
    for other in signature.parameters:
        if (
            other.name in values
            and not accepts(values[other.name], other.accepts)
            and accepts(values[other.name], wrong.accepts)
            and accepts(values[wrong.name], other.accepts)
        ):
            return f"are `{wrong.name}` and `{other.name}` swapped?"
    meant = [other.name for other in signature.checked if _takes(other, wrong, values)]
    return f"did you mean `{meant[0]} = ...`?" if len(meant) == 1 else None


def _takes(other: Parameter, wrong: Parameter, values: dict[str, Value]) -> bool:
    """Return whether another parameter, which is not given, takes the object that was given."""
    value = values[wrong.name]
    is_plain = value is None or isinstance(value, str | int | list | tuple | dict | range)
    return other.name not in values and not is_plain and accepts(value, other.accepts)


def _too_many(function: str, most: int, given: int) -> ConfigError:
    arguments = "no arguments" if most == 0 else f"at most {most} argument{'s'[: most > 1]}"
    return ConfigError(f"`{function}` takes {arguments} by position, {given} are given")


def _unknown(function: str, name: str, named: Collection[str]) -> ConfigError:
    message = f"`{function}` has no parameter `{name[:80]}`"
    return ConfigError(message, hint=did_you_mean(name, named) if named else None)
