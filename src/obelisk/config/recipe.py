"""The recipe that an executable carries: what it was built from, so that it can be built again.

It is written by pack/recipe.py and read here. It has nothing of the machine that built: no paths,
and no credentials of addresses. What only that machine had is named, and must be given again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement as PackagingRequirement

from obelisk.components.locks import Archive, FixedArchive
from obelisk.config.requirements import Requirements
from obelisk.config.tables import key_of
from obelisk.errors import VerifyError

VERSION: Final = 1
_HASH: Final = " --hash="
_ONE_HASH: Final = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>\S+) --hash=sha256:(?P<digest>[0-9a-f]{64})"
)
_USER: Final = re.compile(r"(\bhttps?://)[^/\s]*@")
_PASSWORD: Final = re.compile(r"(://)[^/\s:]*:[^/\s]*@")
_QUERY: Final = re.compile(r"(\bhttps?://[^\s?#]*)\?[^\s#]*")
_OPTION: Final = re.compile(
    r"--no-index|--(?:index-url|extra-index-url|find-links) https?://\S+"
    r"|--(?:no|only)-binary [\w.,:-]+"
)
_OPTIONS: Final = frozenset({"--no-deps", "--prerelease=allow"})
_LOCAL: Final = re.compile(r"\bfile:|^--find-links (?!\w+://)")

ELSEWHERE: Final = frozenset(
    {"name", "target", "python", "pins", "requirements", "extra_requirements", "profile"}
)
"""Settings that have a place of their own in a recipe."""
NO_BYTES: Final = frozenset({"train", "train_requests", "train_record", "smoke_test", "parts"})
"""Settings that decide nothing, once it is known what training saw and what is installed."""
PATHS: Final = frozenset({"file", "data", "native_libraries", "build_packages", "icon"})
"""Settings that name files: from the project's folder, or of the machine that builds."""


class Made(StrEnum):
    """What an executable was made of."""

    REQUIREMENT = "requirement"
    SCRIPT = "script"
    PROJECT = "project"
    WHEEL = "wheel"
    PARTS = "parts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The application that an executable was made of."""

    made: Made
    name: str
    """Of the package or project; of a script or wheel the file name."""
    requirement: str | None = None
    """The requirement itself; None if it is a path."""
    dependencies: tuple[str, ...] = ()
    """Of a script, as its header has them."""
    sha256: str | None = None
    """Of a script or wheel."""

    def to_json(self) -> dict[str, Any]:
        """Return its fields that have a value."""
        table = {
            "made": str(self.made),
            "name": self.name,
            "requirement": self.requirement,
            "dependencies": list(self.dependencies),
            "sha256": self.sha256,
        }
        return {key: value for key, value in table.items() if value}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Self:
        """Return what `to_json` gave; raise `ValueError` for anything else."""
        values = dict(table)
        values["made"] = Made(_text(values["made"]))
        values["dependencies"] = _texts(values.get("dependencies", []))
        return cls(**values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """All that is installed in an executable, as lines of a requirements file."""

    lines: tuple[str, ...] = ()
    """What hashes or a commit fix, sorted."""
    unhashed: tuple[str, ...] = ()
    """What is of an index that told no hashes, `name==version`."""
    local: tuple[str, ...] = ()
    """Names of what was installed from a path."""
    origins: tuple[tuple[str, str], ...] = ()
    """By name, addresses of the archives of what is in `lines`, as components have them."""

    @property
    def archives(self) -> tuple[FixedArchive, ...]:
        """What lines that one hash fixes are installed from."""
        origins = dict(self.origins)
        return tuple(
            FixedArchive(name=name, version=version, archive=_archive(digest, origins.get(name)))
            for name, version, digest in filter(None, map(_fixed_by_one, self.lines))
        )

    @property
    def requirements(self) -> Requirements:
        """What installs it: what has no hash is installed apart from what must have one."""
        hashed = tuple(line for line in self.lines if _HASH in line)
        others = (line for line in self.lines if _HASH not in line)
        return Requirements(lines=hashed, unhashed=(*others, *self.unhashed))


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What an executable was built from."""

    obelisk: str
    """Version of Obelisk."""
    name: str
    python: str
    """Such as `3.14`."""
    target: str
    origin: Origin
    settings: Mapping[str, Any]
    """Those that decide bytes and have another value than their default, as TOML has them."""
    pins: Mapping[str, Any]
    """The user's own, as `[tool.obelisk.pins]` has them."""
    requirements: Requirements
    """What was asked for besides the application."""
    lock: Lock
    first_use: tuple[str, ...] | None
    """What training saw, None without training."""
    epoch: int | None
    """`SOURCE_DATE_EPOCH`."""
    missing: tuple[str, ...] = field(default=())
    """What was asked for by a path that only the machine had which built it."""

    def to_json(self) -> bytes:
        """Return it as it is stored: the same bytes for the same recipe."""
        table = {
            "version": VERSION,
            "obelisk": self.obelisk,
            "name": self.name,
            "python": self.python,
            "target": self.target,
            "application": self.origin.to_json(),
            "settings": dict(self.settings),
            "pins": dict(self.pins),
            "requirements": list(self.requirements.lines),
            "constraints": list(self.requirements.constraints),
            "options": list(self.requirements.options),
            "lock": list(self.lock.lines),
            "unhashed": list(self.lock.unhashed),
            "local": list(self.lock.local),
            "origins": dict(self.lock.origins),
            "first-use": None if self.first_use is None else list(self.first_use),
            "source-date-epoch": self.epoch,
            "missing": list(self.missing),
        }
        kept = {key: value for key, value in table.items() if value not in (None, [], {})}
        return (json.dumps(kept, indent=1, sort_keys=True) + "\n").encode()


def parse_recipe(data: bytes, where: str) -> Recipe:
    """Return a recipe as it was stored; raise `VerifyError` for anything else."""
    try:
        table = json.loads(data)
        if table["version"] != VERSION:
            message = f"the recipe of {where} has version {table['version']!r}, expected {VERSION}"
            raise VerifyError(message, hint="use a newer Obelisk")
        return _parse(table)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"malformed recipe in {where}: {type(error).__name__}: {error}"
        raise VerifyError(message, hint="build it from its sources") from error


def _parse(table: Mapping[str, Any]) -> Recipe:
    epoch, first_use = table.get("source-date-epoch"), table.get("first-use")
    if epoch is not None and not isinstance(epoch, int):
        raise ValueError(epoch)
    return Recipe(
        obelisk=_text(table["obelisk"]),
        name=_text(table["name"]),
        python=_text(table["python"]),
        target=_text(table["target"]),
        origin=Origin.from_json(table["application"]),
        settings=_settings(table.get("settings", {})),
        pins=_pins(table.get("pins", {})),
        requirements=Requirements(
            lines=_lines(table.get("requirements", [])),
            constraints=_lines(table.get("constraints", [])),
            options=_options(table.get("options", [])),
        ),
        lock=Lock(
            lines=_lines(table.get("lock", [])),
            unhashed=_lines(table.get("unhashed", [])),
            local=_texts(table.get("local", [])),
            origins=_origins(table.get("origins", {})),
        ),
        first_use=None if first_use is None else _texts(first_use),
        epoch=epoch,
        missing=_texts(table.get("missing", [])),
    )


def without_credentials(text: str) -> str:
    """Return a text with addresses that say who asks: neither users, passwords nor tokens.

    Of ssh the user stays, who is nobody's secret.
    """
    return _QUERY.sub(r"\1", _PASSWORD.sub(r"\1", _USER.sub(r"\1", text)))


def is_outside(path: str) -> bool:
    """Return whether a path of the settings leads out of the project's folder."""
    return path.startswith(("/", "~")) or ".." in path.split("/")


def is_local(line: str) -> bool:
    """Return whether a requirement is a path of the machine that builds."""
    return _LOCAL.search(line) is not None


def portable(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that are no paths, without credentials."""
    return tuple(without_credentials(line) for line in lines if not is_local(line))


def _settings(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that read, write and run nothing outside of what is built from."""
    for inside in (table, table.get("windows", {})):
        for name in inside.keys() & {key_of(one) for one in PATHS}:
            for path in [inside[name]] if isinstance(inside[name], str) else inside[name]:
                if is_outside(path):
                    raise ValueError(path)
    if table.keys() & {key_of(one) for one in ELSEWHERE | NO_BYTES}:
        raise ValueError(sorted(table))
    return dict(table)


def _pins(table: Mapping[str, Any]) -> dict[str, Any]:
    for pin in table.values():
        if "/" in str(pin.get("file", "")):
            raise ValueError(pin)
    return dict(table)


def _lines(value: object) -> tuple[str, ...]:
    """Return lines of requirements; raise `ValueError` for paths and for other options of uv."""
    found = _texts(value)
    for line in found:
        requirement = line.split(_HASH, maxsplit=1)[0]
        is_option = line.startswith("-")
        if is_local(line) or (is_option and not _OPTION.fullmatch(line)):
            raise ValueError(line)
        if not is_option:
            PackagingRequirement(requirement)  # InvalidRequirement is a ValueError
    return found


def _origins(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004 - all that is wrong is told alike
    return tuple(sorted((_text(name), _address(url)) for name, url in value.items()))


def _address(value: object) -> str:
    text = _text(value)
    if not text.startswith(("https:", "http:")) or text != without_credentials(text):
        raise ValueError(text)
    return text


def _fixed_by_one(line: str) -> tuple[str, str, str] | None:
    """Return name, version and digest of a line that fixes one archive of an index."""
    found = _ONE_HASH.fullmatch(line)
    return (found["name"], found["version"], found["digest"]) if found else None


def _archive(digest: str, url: str | None) -> Archive:
    file = unquote(urlsplit(url or "").path).rpartition("/")[2]
    return Archive(file=file, sha256=digest, url=url)


def _options(value: object) -> tuple[str, ...]:
    found = _texts(value)
    if not _OPTIONS.issuperset(found):
        raise ValueError(found)
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(value)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(value)  # noqa: TRY004 - all that is wrong is told alike
    return tuple(_text(item) for item in value)
