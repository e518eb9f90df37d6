"""Validating names of files and packages that come from settings and packages."""

from __future__ import annotations

from typing import Final

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from obelisk.config.toml import shown
from obelisk.errors import ConfigError

_LONGEST: Final = 255 - len(".-12345678")
"""What file systems allow, without what `atomic.draft_beside` adds."""
_ALL: Final = ":all:"


def require_file_name(name: str, what: str) -> str:
    """Return `name`, of an executable; raise `ConfigError` unless it is the name of a file.

    `what` says where it comes from.
    """
    problem = _problem_of_file_name(name)
    if problem is None:
        return name
    message = f"{what} {shown(name)} is not a valid file name: {problem}"
    raise ConfigError(message, hint="choose another name with `--name`")


def require_package_name(name: str, key: str) -> NormalizedName:
    """Return the canonical form of a name in the setting `key`; raise `ConfigError` for others."""
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName as error:
        message = f"{shown(name)} in `{key}` is not a valid package name"
        raise ConfigError(message) from error


def require_package_or_all(name: str, key: str) -> str:
    """Return the canonical form of a package's name, or `:all:`."""
    return name if name == _ALL else require_package_name(name, key)


def _problem_of_file_name(name: str) -> str | None:
    problems = {
        "it is empty": not name.strip(),
        "it is a directory": name in (".", ".."),
        "it contains a `/`": "/" in name,
        "it starts with `-`, like an option": name.startswith("-"),
        "it contains a non-printable character": not name.isprintable(),
        f"it is longer than {_LONGEST} bytes": len(name.encode(errors="surrogatepass")) > _LONGEST,
    }
    return next((problem for problem, applies in problems.items() if applies), None)
