"""The settings of `[tool.obelisk.licenses]`: which licenses an executable may contain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from obelisk.components.expressions import Expression, Term, listed, parse
from obelisk.errors import ConfigError, did_you_mean

_WILD: Final = frozenset("*?[")


class Policy(StrEnum):
    """Policies that come with Obelisk."""

    NO_COPYLEFT = "no-copyleft"


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What is known of one component that its metadata does not say, or that was decided on it."""

    license: str | None = None
    """Its SPDX expression, in place of what was found."""
    accept: bool = False
    """Whether it may be in the executable whatever the policy says."""
    reason: str | None = None
    """Why. Required."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Licenses:
    """The settings, with their defaults."""

    policy: Policy | None = None
    """A policy that comes with Obelisk. `no-copyleft` refuses licenses whose copyleft reaches
    beyond their own files (GPL, AGPL, LGPL ...), and lists file-level ones (MPL ...) for review."""
    allow: tuple[str, ...] = ()
    """Patterns of the licenses that components may have, such as `["MIT", "BSD-*"]`. If it is set,
    all others are refused."""
    deny: tuple[str, ...] = ()
    """Patterns of licenses that are refused, such as `["GPL-*"]`; it is stronger than `allow`."""
    review: tuple[str, ...] = ()
    """Patterns of licenses that are allowed with a warning, until the component is accepted."""
    packages: tuple[tuple[str, Override], ...] = ()
    """What was decided on single components: a table for each, below."""

    @property
    def is_policy(self) -> bool:
        """Whether anything can be refused."""
        return bool(self.policy or self.allow or self.deny or self.review)


def check_licenses(licenses: Licenses) -> None:
    """Raise `ConfigError` for patterns that match no license, and overrides that are not valid."""
    for field in ("allow", "deny", "review"):
        for pattern in getattr(licenses, field):
            _check_pattern(pattern, f"`licenses.{field}`")
    for name, override in licenses.packages:
        _check_override(f"`licenses.packages.{name}`", override)


def _check_pattern(pattern: str, where: str) -> None:
    if _WILD.isdisjoint(pattern):
        if not isinstance(_checked(pattern, where), Term):
            message = f"`{pattern}` in {where} is more than one license"
            raise ConfigError(
                message, hint="list each: `AND` and `OR` of components are understood"
            )
        return
    license_, _, exception = pattern.partition(" WITH ")
    for part, names in ((license_, listed().licenses), (exception, listed().exceptions)):
        # Names of somebody's own are on no list.
        if part.startswith("LicenseRef-") or (part == "" and part is exception):
            continue
        if not any(fnmatchcase(name, part) for name in names):
            message = f"`{part}` in {where} matches no license of SPDX's list"
            raise ConfigError(message, hint="names are written as in https://spdx.org/licenses/")


def _checked(text: str, where: str) -> Expression:
    try:
        return parse(text)
    except ValueError as error:
        message = f"`{text}` in {where} is not a license expression: {error}"
        raise ConfigError(message, hint=did_you_mean(text, listed().licenses)) from error


def _check_override(where: str, override: Override) -> None:
    if not override.reason:
        message = f"{where} has no `reason`"
        raise ConfigError(message, hint="say why, for whoever reads it next")
    if override.license is None and not override.accept:
        message = f"{where} changes nothing"
        raise ConfigError(message, hint="set `license`, or `accept = true`")
    if override.license is not None:
        _checked(override.license, where)
