"""Pure wheels that were installed although others get compiled ones of the same release.

A project that speeds itself up with mypyc or Cython may offer that for glibc alone, and a pure
wheel for the rest, which uv then takes without a word. Which wheels a release has is in the lock,
or in what uv knows of the index since it installed: the network is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    canonicalize_version,
    parse_wheel_filename,
)

from obelisk.buildenv.environment import Interpreter
from obelisk.buildenv.isolation import of_installer
from obelisk.collect.installed import Installed, Prefix
from obelisk.collect.uv import folder_with_config, run_uv
from obelisk.config.toml import read_toml, tables_of
from obelisk.distribution.versions import major_minor
from obelisk.plan import Plan
from obelisk.services.regular import is_regular, read_regular

_PURE: Final = "-none-any"
"""What the tags of pure wheels end with."""
_GLIBC: Final = ("manylinux", "linux")


def uncompiled(
    plan: Plan, interpreter: Interpreter, prefix: Prefix, installed: Iterable[Installed], work: Path
) -> tuple[tuple[str, str], ...]:
    """Return (name, version) of the packages whose release has wheels compiled for glibc alone.

    `work` is a folder for what uv answers. There are none where glibc is on no such system.
    """
    if plan.target.system != "linux":
        return ()
    chosen = {canonicalize_name(name) for name in (*plan.settings.no_binary, *plan.settings.pure)}
    pure = {
        (one.key, canonicalize_version(one.package.version)): one.package
        for one in installed
        if one.key not in chosen and _is_pure_wheel(prefix, one)
    }
    if not pure or ":all:" in plan.settings.no_binary:
        return ()
    wheels = _locked(plan.lock) if plan.lock else _known(plan, interpreter, pure, work)
    return tuple(
        (pure[key].name, pure[key].version)
        for key in sorted(pure)
        if any(is_compiled(wheel, plan) for wheel in wheels.get(key, ()))
    )


def is_compiled(wheel: str, plan: Plan) -> bool:
    """Return whether a wheel of that file name is what an installation for glibc would get."""
    try:
        _, _, _, tags = parse_wheel_filename(wheel)
    except InvalidWheelFilename:
        return False
    version = [int(part) for part in major_minor(plan.python.version).split(".")]
    own = f"cp{version[0]}{version[1]}"
    return any(
        tag.platform.startswith(_GLIBC)
        and tag.platform.endswith(plan.target.architecture)
        and tag
        in {
            *cpython_tags(version, [own], [tag.platform]),
            *compatible_tags(version, own, [tag.platform]),
        }
        for tag in tags
    )


def _is_pure_wheel(prefix: Prefix, installed: Installed) -> bool:
    """Return whether a package is a pure wheel of an index."""
    folder = prefix.site / installed.info
    if is_regular(folder / "direct_url.json") or not is_regular(folder / "WHEEL"):
        return False
    lines = read_regular(folder / "WHEEL").decode(errors="replace").splitlines()
    tags = [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
    return bool(tags) and all(tag.endswith(_PURE) for tag in tags)


_Release = tuple[NormalizedName, str]
_Wheels = Mapping[_Release, list[str]]
"""File names of wheels, by name and version of their package."""


def _locked(lock: Path) -> _Wheels:
    """Read the wheels in a lock, of uv's form or of pylock.toml's."""
    table = read_toml(lock)
    found: dict[_Release, list[str]] = {}
    for package in tables_of(table.get("package", table.get("packages"))):
        version = canonicalize_version(str(package.get("version")))
        key = canonicalize_name(str(package.get("name"))), version
        found[key] = [_file_name(wheel) for wheel in tables_of(package.get("wheels"))]
    return found


def _known(
    plan: Plan, interpreter: Interpreter, releases: Iterable[_Release], work: Path
) -> _Wheels:
    """Return all wheels of these releases that uv knows of, for whatever system."""
    folder = work / "known"
    folder.mkdir()
    wanted, answer = folder / "wanted.txt", folder / "pylock.toml"
    lines = (f"{name}=={version}\n" for name, version in sorted(releases))
    wanted.write_text("".join(lines), encoding="utf-8")
    argv = [
        *("pip", "compile", "--quiet", "--universal", "--no-deps", "--offline"),
        *("--format", "pylock.toml", "--output-file", str(answer)),
        *("--project", str(folder_with_config(plan.installer, folder))),
        *("--python", str(interpreter.python), "--cache-dir", str(interpreter.cache)),
        str(wanted),
    ]
    done = run_uv(argv, "reading what uv knows", of_installer(os.environ))
    return _locked(answer) if done.status == 0 and answer.exists() else {}


def _file_name(wheel: Mapping[str, Any]) -> str:
    """Return the file name of a wheel in a lock."""
    place = next((wheel[key] for key in ("filename", "name", "path", "url") if key in wheel), "")
    return PurePosixPath(unquote(urlsplit(str(place)).path)).name
