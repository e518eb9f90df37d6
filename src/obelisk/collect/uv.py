"""Running uv: which configuration it obeys, and what it says when it fails."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from obelisk.config.installer import InstallerConfig
from obelisk.errors import CollectError, ToolError
from obelisk.services.process import Finished, run_watched
from obelisk.target import Target

_FAILED_BUILD: Final = re.compile(
    r"(?:Failed to build|failed to build|Failed to download and build) `([^`]+)`"
)
_RAN: Final = re.compile(
    # Python and shells; QEMU, where the kernel has it; autoconf, twice; CMake; Meson.
    r"Exec format error|\x7fELF|Invalid ELF image for this architecture"
    r"|cannot run C compiled programs|cannot run test program while cross"
    r"|TRY_RUN\(\) invoked in cross|Can not run test applications in this cross"
)
"""What is said where a program cannot be run because it is for another machine."""
_DETAILS: Final = ("DEBUG ", "TRACE ")
_WITHOUT: Final = {
    True: "build without it, or ship what it generates",
    False: "try a version that has a wheel for the target, or remove the package",
}
"""Ways out of that, by whether the project is the user's own."""
_NOISE: Final = re.compile(r"\x1b\[[0-9;]*m")
_WRITTEN: Final = ("--target", "--prefix", "--cache-dir", "--output-file")


def run_uv(
    argv: list[str],
    what: str,
    base: Mapping[str, str],
    on_line: Callable[[str], None] = lambda _: None,
) -> Finished:
    """Run uv in the environment `base`, adapted; every line that it says is handed on.

    Raises `ToolError` when it is not installed, and `StorageError` when a disk is full.
    """
    env = dict(base)
    env.pop("VIRTUAL_ENV", None)
    env["SOURCE_DATE_EPOCH"] = "315532800"
    env["UV_NO_WRAP"] = "1"  # or what tools say is cut at the width of some terminal
    writes = tuple(Path(path) for option, path in pairwise(argv) if option in _WRITTEN)
    try:
        return run_watched(
            [find_uv_bin(), *argv],
            env=env,
            what=what,
            on_line=lambda line: on_line(_NOISE.sub("", line)),
            writes=writes,
        )
    except FileNotFoundError as error:
        message = f"{what} failed: uv is not installed"
        raise ToolError(message, hint="reinstall Obelisk with its dependencies") from error


def require_uv(argv: list[str], what: str) -> None:
    """Run uv in our own environment; raise `CollectError` with what it says if it fails."""
    done = run_uv(argv, what, os.environ)
    if done.status != 0:
        raise refusal(what, output_of(done), set())


def output_of(done: Finished) -> str:
    """Return what uv said, without colours and details."""
    lines = _NOISE.sub("", done.stderr.decode(errors="replace")).splitlines()
    return "\n".join(line for line in lines if not is_detail(line)).strip()


def is_detail(line: str) -> bool:
    """Say whether a line of `uv --verbose` is one of many: also what builds print has this form."""
    return line.startswith(_DETAILS)


def detail_of(line: str) -> str:
    """Return the text of such a line."""
    return line.partition(" ")[2].strip()


def folder_with_config(config: InstallerConfig, work: Path) -> Path:
    """Return the folder where uv finds what it is to obey, and looks no further."""
    if config.project:
        return config.project.parent
    folder = work / "no-project"
    folder.mkdir(exist_ok=True)
    (folder / "uv.toml").touch()
    return folder


def refusal(
    what: str,
    output: str,
    missing: set[str],
    no_binary: Collection[str] = (),
    foreign: Target | None = None,
) -> CollectError:
    """Return the error for what uv said; `missing` are the languages that lacked a compiler.

    What `no_binary` names is built from source by the user's choice. Programs for `foreign` do not
    run here.
    """
    message = f"{what} failed\n{output}"
    found = _FAILED_BUILD.search(output)
    if found is None:
        return CollectError(message, hint=_hint(output))
    name, is_own, folder = found[1].partition(" @ file://")
    package, _, version = name.partition("==")
    if is_own:
        failed = f"the build backend of `{name}` in {unquote(folder)} failed"
        hint = "its message is above; C libraries that it needs belong in `build-packages`"
    else:
        failed = f"`{package}` has no wheel for the target, and its build from source failed"
        if is_chosen(package, no_binary):
            failed = f"building `{package}` from source failed"
        hint = f"try a version other than {version}, " if version else "try another version, "
        hint += "add the C libraries that it needs to `build-packages`, or remove the package"
    if foreign and _RAN.search(output):
        failed += f": it ran a program that it had compiled for {foreign.machine_name}"
        hint = f"such programs do not run here; {_WITHOUT[bool(is_own)]}"
    if missing:
        languages = " and a ".join(sorted(missing))
        failed += f": it requires a {languages} compiler, which is not available"
    return CollectError(f"{message}\n{failed}", hint=hint)


def is_chosen(package: str, no_binary: Collection[str]) -> bool:
    """Return whether the setting `no-binary` names a package."""
    name = canonicalize_name(package)
    return ":all:" in no_binary or name in {canonicalize_name(one) for one in no_binary}


def _hint(output: str) -> str:
    if "hash" in output.lower():
        return "the download does not match its locked hash; find out why"
    if "incompatible with the current platform" in output:
        return (
            "a wheel that is named by its file or URL is for another system than the target: "
            "name one for the target, or its source archive"
        )
    if "No solution found" in output:
        return (
            "if a package has neither a wheel for the target nor a source archive, try another "
            "version of it, or remove it"
        )
    return "see uv's message above"
