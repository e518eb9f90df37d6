"""What uv would install, resolved without installing it, and its key in the cache.

uv answers from its own cache as long as the index says that its pages are fresh, and asks the index
after that: when a new release is seen is decided there, and nowhere else. A lock, or hashes for all
that is wanted, needs no answer. What is not fixed by a hash or a commit is never taken from the
cache, but for the project that is built: that is built anew, on top of what it depends on, and
nothing of it is kept, of whatever version it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import NormalizedName, canonicalize_name

from obelisk.buildenv.environment import Demand, Interpreter
from obelisk.buildenv.isolation import VERSIONS
from obelisk.collect import archives, kept, uncompiled, uv
from obelisk.collect.asked import Asked
from obelisk.collect.uv import folder_with_config, run_uv
from obelisk.components import locks
from obelisk.config.application import Project
from obelisk.config.installer import InstallerConfig
from obelisk.config.requirements import Requirements, read_requirements
from obelisk.config.toml import read_toml, table_in
from obelisk.errors import ConfigError
from obelisk.plan import Plan
from obelisk.services.cache import content_key, hash_code
from obelisk.services.regular import read_regular

_HASH: Final = " --hash="
_COMMIT: Final = re.compile(r"git\+\S+@[0-9a-f]{40}(#\S*)?(?!\S)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What is known of an installation before it is made."""

    key: str
    """Its key in the cache: a hash of everything that can change its bytes."""
    versions: Mapping[NormalizedName, str | None] | None
    """What is expected, None for a version that only its source knows; None: what a lock says."""
    lines: tuple[str, ...] = ()
    """What it was resolved to, with hashes."""

    def describes(self, packages: Iterable[tuple[str, str]]) -> bool:
        """Return whether these packages and versions are what was expected."""
        if self.versions is None:
            return True
        found = {canonicalize_name(name): found for name, found in packages}
        return found.keys() == self.versions.keys() and all(
            expected in (None, found[name]) for name, expected in self.versions.items()
        )


def resolve(plan: Plan, demand: Demand, asked: Asked, work: Path) -> Resolution | None:
    """Return what will be installed; None if only installing tells, or if there is nothing."""
    interpreter = demand.interpreter
    if asked.locked is not None:
        return _of_lock(plan, interpreter, asked.locked)
    if not asked.own and plan.requirements == Requirements():
        return None
    answer = _answer(plan, demand, asked, work)
    pins = [_parsed(line) for line in (*answer.lines, *answer.unhashed)] if answer else [None]
    own = canonicalize_name(plan.application.name) if isinstance(plan.application, Project) else ""
    kept: dict[NormalizedName, _Pin] = {}
    for pin in pins:
        if pin is None or not (pin.is_fixed or (pin.is_folder and pin.name == own)):
            return None
        kept[pin.name] = pin
    kept.pop(canonicalize_name(own), None)
    fixed = sorted(pin.text for pin in kept.values())
    # Those hashes are the index's; it was installed if the user's hold as well.
    demanded = (*asked.own, *plan.requirements.lines, *plan.requirements.constraints)
    fixed += [line for line in demanded if _HASH in line or "#" in line]
    return Resolution(
        key=_key(plan, interpreter, fixed),
        versions={name: pin.version for name, pin in kept.items()},
        lines=answer.lines if answer else (),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pin:
    """A line of uv's answer."""

    text: str
    name: NormalizedName
    version: str | None
    is_folder: bool

    @property
    def is_fixed(self) -> bool:
        """Whether it can only be one thing."""
        return _is_fixed(self.text)


def _is_fixed(line: str) -> bool:
    return _HASH in line or _COMMIT.search(line) is not None


def _parsed(line: str) -> _Pin | None:
    """Return a pin; None for what has no name, and for what holds on some systems only."""
    try:
        found = PackagingRequirement(line.split(_HASH, maxsplit=1)[0].strip())
    except InvalidRequirement:
        return None
    exact = [specifier.version for specifier in found.specifier if specifier.operator == "=="]
    if found.marker is not None:
        return None
    return _Pin(
        text=line,
        name=canonicalize_name(found.name),
        version=exact[0] if exact else None,
        is_folder=(found.url or "").startswith("file://") and _HASH not in line,
    )


def _of_lock(plan: Plan, interpreter: Interpreter, locked: Requirements) -> Resolution | None:
    """Return what a lock fixes; requirements files are resolved on top of it."""
    if plan.requirements != Requirements() or not all(map(_is_fixed, locked.lines)):
        return None
    pins = list(locked.lines)
    for lock in locked.locks:
        if any("directory" in package for package in read_toml(lock).get("packages", ())):
            return None
        pins.append(read_regular(lock).decode(errors="replace"))
    return Resolution(key=_key(plan, interpreter, pins), versions=None)


def _answer(plan: Plan, demand: Demand, asked: Asked, work: Path) -> Requirements | None:
    """Let uv resolve; None if it cannot, or only by building something."""
    if plan.requirements.locks:
        return None
    folder, interpreter = work / "resolving", demand.interpreter
    folder.mkdir()
    files = []
    for name, lines in (
        ("wanted", (*asked.own, *plan.requirements.lines, *plan.requirements.unhashed)),
        ("constraints", plan.requirements.constraints),
    ):
        path = folder / f"{name}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        files.append(path)
    answer = folder / "resolved.txt"
    argv = [
        *("pip", "compile", "--quiet", "--generate-hashes", "--no-annotate", "--no-header"),
        *("--project", str(folder_with_config(plan.installer, folder))),
        *("--python", str(interpreter.python), *interpreter.options),
        *("--cache-dir", str(interpreter.cache)),
        *("--no-progress", "--output-file", str(answer)),
        *(f"--no-binary={name}" for name in plan.settings.no_binary),
        *(("--refresh",) if plan.refresh else ()),
        *plan.requirements.options,
        *("--constraints", str(files[1])),
        str(files[0]),
    ]
    # Nothing is built for it: whatever needs that is resolved when it is installed.
    if run_uv(argv, "resolving", demand.environment(os.environ)).status != 0 or not answer.exists():
        return None
    try:
        return read_requirements([answer], plan.folder)
    except ConfigError:
        return None  # uv is configured to say more than what is wanted


def _key(plan: Plan, interpreter: Interpreter, pins: list[str]) -> str:
    return content_key(
        {
            "pins": pins,
            "python": interpreter.cache.name,  # with the libraries that packages are built with
            "version": plan.python.version,
            "target": plan.target.triple,
            "no-binary": sorted(plan.settings.no_binary),
            "options": plan.requirements.options,
            "installer": version("uv"),
            "configuration": _configuration(plan.installer),
            "variables": _variables(os.environ),
            "code": hash_code(sys.modules[__name__], archives, locks, kept, uncompiled, uv),
        }
    )


def _configuration(config: InstallerConfig) -> list[str]:
    """Return the contents of uv's configuration files."""
    found = []
    for path in filter(None, (config.project, *config.user)):
        table = read_toml(path)
        if path.name == "pyproject.toml":
            table = table_in(table_in(table, "tool", str(path)), "uv", str(path))
        found.append(json.dumps(table, sort_keys=True, default=str))
    return found


def _variables(env: Mapping[str, str]) -> dict[str, str]:
    """Return digests of the variables that change what uv installs; values may be secrets."""
    return {
        name: hashlib.sha256(os.fsencode(text)).hexdigest()
        for name, text in sorted(env.items())
        if name.startswith(("UV_", *VERSIONS))
    }
