"""Reading TOML written by others, and showing its values in messages."""

from __future__ import annotations

import reprlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from obelisk.errors import ConfigError
from obelisk.services.regular import read_regular

_SHOWN: Final = 80
"""Characters of a value that a message repeats."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raise `ConfigError` when it cannot be read."""
    try:
        data = read_regular(path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ConfigError(message) from error
    return parse_toml(data, str(path))


def parse_toml(data: bytes | str, where: str) -> dict[str, Any]:
    """Return the table that TOML in UTF-8 holds; raise `ConfigError` that names `where` it is."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return tomllib.loads(text)
    except RecursionError:
        message = f"{where} is too deeply nested"
        raise ConfigError(message) from None
    # Not only TOMLDecodeError: also text that is not UTF-8, and numbers of thousands of digits.
    except ValueError as error:
        message = f"invalid TOML in {where}: {error}"
        raise ConfigError(
            message, hint="see https://toml.io for the syntax; TOML files are UTF-8"
        ) from error


def table_in(parent: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    """Return the table that `parent` has as `key`, empty if none.

    Raises `ConfigError` for another value.
    """
    value = parent.get(key, {})
    if not isinstance(value, dict):
        message = f"`{key}` in {where} must be a table, not {shown(value)}"
        raise ConfigError(message)
    return value


def tables_of(value: object) -> Iterator[dict[str, Any]]:
    """Yield the tables of a list, such as a lock's packages; what else is there uv refuses."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def texts_in(parent: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Return the list of strings that `parent` has as `key`; raise `ConfigError` for others."""
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        message = f"`{key}` in {where} must be a list of strings, not {shown(value)}"
        raise ConfigError(message)
    return tuple(value)


def text_in(parent: dict[str, Any], key: str, where: str) -> str | None:
    """Return the string that `parent` has as `key`, or None; raise `ConfigError` for others."""
    value = parent.get(key)
    if value is not None and not isinstance(value, str):
        message = f"`{key}` in {where} must be a string, not {shown(value)}"
        raise ConfigError(message)
    return value


class _Short(reprlib.Repr):
    """Short texts of values, however large or deep they are."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxlong = self.maxother = _SHOWN
        self.maxlevel = 2

    def repr_int(self, x: int, level: int) -> str:
        """Show a whole number, which Python refuses to if it has thousands of digits."""
        return super().repr_int(x, level) if x.bit_length() < _SHOWN else f"{x:#x}"[:_SHOWN] + "..."


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    return _Short().repr(value)
