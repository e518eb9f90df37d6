"""The versions of CPython that are pinned, and how people name them."""

from __future__ import annotations

from typing import Final

from obelisk.errors import ConfigError, did_you_mean
from obelisk.services.pins import Pin, pins

DEFAULT_PYTHON: Final = "3.14"
_PREFIX: Final = "cpython-"


def python_source(version: str) -> Pin:
    """Return the pinned CPython of `3.14` or `3.14.6`; raise `ConfigError` for another."""
    known = {pinned.name.removeprefix(_PREFIX): pinned for pinned in python_versions()}
    for short, pinned in known.items():
        if version in (short, pinned.version):
            return pinned
    message = f"unknown Python version `{version}`"
    raise ConfigError(message, hint=did_you_mean(version, known))


def python_versions() -> list[Pin]:
    """Return the pinned CPythons, newest first."""
    return [pinned for name, pinned in pins().items() if name.startswith(_PREFIX)]


def major_minor(version: str) -> str:
    """Return `3.14` for `3.14.6`."""
    return ".".join(version.split(".")[:2])
