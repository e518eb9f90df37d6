"""The settings of `[tool.obelisk.windows]`: how Windows starts and shows an executable.

They have no effect on executables for other systems, so that one project can be built for all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from obelisk.config.tables import key_of
from obelisk.errors import ConfigError
from obelisk.pe.headers import PeError
from obelisk.pe.icon import icon_resources
from obelisk.pe.version import Numbers, version_resource
from obelisk.services.regular import read_regular

_NUMBERS: Final = re.compile(r"\d+(\.\d+){0,3}")
_LARGEST: Final = 0xFFFF
"""Of each number of a version that Windows compares."""


class Subsystem(StrEnum):
    """Whether a program has a console."""

    CONSOLE = "console"
    WINDOWS = "windows"


class Uac(StrEnum):
    """The rights that a program asks for when it is started."""

    AS_INVOKER = "as-invoker"
    HIGHEST_AVAILABLE = "highest-available"
    REQUIRE_ADMINISTRATOR = "require-administrator"


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionInfo:
    """What the properties of the file show; each has a default or is left out."""

    company_name: str | None = None
    """Who made the program. Default: left out."""
    file_description: str | None = None
    """What Windows calls the program, in the task manager too. Default: the executable's name."""
    product_name: str | None = None
    """What it is a part of. Default: the name of the project, package or script."""
    legal_copyright: str | None = None
    """Who has the copyright. Default: left out."""
    comments: str | None = None
    """Anything else. Default: left out."""
    file_version: str | None = None
    """Up to four numbers, such as `1.2.3`, which installers compare. Default: those that the
    version of the project or package begins with."""
    product_version: str | None = None
    """A version as text. Default: that of the project or package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """The settings, with their defaults."""

    icon: str | None = None
    """An ICO file for the executable, relative to the project. Default: none."""
    subsystem: Subsystem = Subsystem.CONSOLE
    """`console`, or `windows`: started without a console window, with stdout and stderr going
    nowhere unless they are redirected."""
    uac: Uac = Uac.AS_INVOKER
    """The rights that Windows gives the program: those of who starts it (`as-invoker`), the
    `highest-available` ones, or none but an administrator's (`require-administrator`)."""
    version_info: VersionInfo = field(default_factory=VersionInfo)
    """What the file's properties show: a table of its own, below."""


def check_windows(windows: Windows, folder: Path) -> None:
    """Raise `ConfigError` for an icon or a version that cannot become a resource.

    The icon's path starts from `folder`.
    """
    read_icon(windows, folder)
    if windows.version_info.file_version is not None:
        version_numbers(windows.version_info.file_version)
    texts = version_texts(windows.version_info)
    try:
        version_resource((0, 0, 0, 0), texts)
    except PeError as error:
        message = f"`windows.version-info` is too long: {error}"
        raise ConfigError(message) from error


def read_icon(windows: Windows, folder: Path) -> bytes | None:
    """Return the content of the icon's file; raise `ConfigError` if it is none."""
    if windows.icon is None:
        return None
    path = folder / windows.icon
    try:
        content = read_regular(path)
        icon_resources(content)
    except OSError as error:
        message = f"cannot read `windows.icon` {path}: {error.strerror}"
        raise ConfigError(message) from error
    except PeError as error:
        message = f"`windows.icon` {path} cannot be used: {error}"
        raise ConfigError(message, hint="convert the image to an ICO file") from error
    return content


def version_numbers(text: str) -> Numbers:
    """Return the numbers of a version; raise `ConfigError` unless Windows has such ones."""
    numbers = [int(part) for part in text.split(".")] if _NUMBERS.fullmatch(text) else []
    if not numbers or max(numbers) > _LARGEST:
        message = f"`windows.version-info.file-version` `{text}` is not up to four numbers"
        raise ConfigError(message, hint=f"such as `1.2.3`; each is at most {_LARGEST}")
    return padded(numbers)


def padded(numbers: list[int]) -> Numbers:
    """Return the first four of some numbers, none larger than Windows has, or zeros."""
    first, second, third, fourth = (*(min(one, _LARGEST) for one in numbers), 0, 0, 0, 0)[:4]
    return first, second, third, fourth


def version_texts(info: VersionInfo) -> dict[str, str]:
    """Return the texts that are set, by Windows's names of them."""
    found = {}
    for name in VersionInfo.__dataclass_fields__:
        value = getattr(info, name)
        if value is not None:
            found["".join(part.capitalize() for part in key_of(name).split("-"))] = value
    return found
