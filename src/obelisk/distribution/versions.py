"""The versions of CPython that are pinned, and how people name them."""

from __future__ import annotations

from typing import Final

from obelisk.errors import ConfigError
from obelisk.services.pins import Pin, Pins, shipped_pins

DEFAULT_PYTHON: Final = "3.14"
PREFIX: Final = "cpython-"


def python_source(version: str, pins: Pins | None = None) -> Pin:
    """Return the CPython of `3.14` or `3.14.6` among `pins`, or Obelisk's own.

    Raises `ConfigError` for another.
    """
    known = {pinned.name.removeprefix(PREFIX): pinned for pinned in python_versions(pins)}
    for short, pinned in known.items():
        if version in (short, pinned.version):
            return pinned
    other = known.get(major_minor(version))
    if other is not None and other.own is not None:
        message = f"Python `{version}` was asked for, and {other.own} pins {other.version}"
        raise ConfigError(message, hint=f"ask for `{major_minor(version)}`, or change the pin")
    message = f"unknown Python version `{version}`"
    # All of them: every version is close to every other one.
    raise ConfigError(message, hint="choose from " + ", ".join(f"`{name}`" for name in known))


def python_versions(pins: Pins | None = None) -> list[Pin]:
    """Return the CPythons among `pins`, or Obelisk's own, newest first."""
    return [
        pinned
        for pinned in (shipped_pins() if pins is None else pins)
        if pinned.name.startswith(PREFIX)
    ]


def major_minor(version: str) -> str:
    """Return `3.14` for `3.14.6`."""
    return ".".join(version.split(".")[:2])
