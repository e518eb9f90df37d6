"""Installing the application and its dependencies for the target, with uv.

Nothing of it is run. uv chooses wheels for the target's Python; what has none is built from source
by its own backend, in isolation, with the target's Python and compilers (distribution/builder.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

from uv import find_uv_bin

from obelisk.config.request import Project, Requirement, Script, WheelFile
from obelisk.distribution.builder import Builder
from obelisk.errors import CollectError, ToolError
from obelisk.plan import Plan
from obelisk.process import Finished, run_watched

_EXPORTED: Final = "requirements.txt"
_FAILED_BUILD: Final = re.compile(
    r"(?:Failed to build|failed to build|Failed to download and build) `([^`]+)`"
)
_BUILDING: Final = re.compile(r"^\s+Building (\S+)")
_NOISE: Final = re.compile(r"\x1b\[[0-9;]*m")
_WRITTEN: Final = ("--target", "--prefix", "--cache-dir", "--output-file")


def install(plan: Plan, builder: Builder, site: Path, work: Path) -> None:
    """Install everything that `plan` names into the folder `site`.

    Raises `CollectError` when something does not resolve, build or match its hash.
    """
    site.mkdir()
    locked = _locked_requirements(plan, work)
    more = [word for path in plan.requirement_files for word in ("--requirements", str(path))]
    wanted = _wanted(plan)
    job = _Job(plan, builder, site)
    if locked is None:
        job.install([*wanted, *more])
        return
    folders = _split_folders(plan, locked)
    if locked.suffix == ".toml" or "==" in locked.read_text():
        job.install(["--require-hashes", "--requirements", str(locked)])
    if isinstance(plan.application, Project):
        job.install(["--no-deps", *folders, *wanted])
    job.install(more)


def _locked_requirements(plan: Plan, work: Path) -> Path | None:
    """Return a requirement file of the lock's versions and hashes, or the pylock.toml itself."""
    if plan.lock is None or plan.lock.name == "pylock.toml":
        return plan.lock
    if isinstance(plan.application, Script):
        options = ["--script", str(plan.application.path)]
    else:
        options = ["--project", str(plan.folder), "--no-emit-project"]
    place = work / _EXPORTED
    argv = ["export", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-editable"]
    argv += options
    _uv([*argv, "--output-file", str(place)], f"reading {plan.lock}")
    return place


def _split_folders(plan: Plan, locked: Path) -> list[str]:
    """Take out of exported requirements those that are folders, of which no lock has a hash.

    They are members of the workspace, and other projects that are named by their path.
    """
    if locked.suffix == ".toml":
        return []
    lines = locked.read_text().splitlines(keepends=True)
    folders = [line for line in lines if line.startswith(("./", "../", "/"))]
    locked.write_text("".join(line for line in lines if line not in folders))
    return [str((plan.folder / line.partition(";")[0].strip()).resolve()) for line in folders]


def _wanted(plan: Plan) -> list[str]:
    """Return the requirements that the application itself is, or has without a lock."""
    match plan.application:
        case Project():
            return [str(plan.application.folder)]
        case Script():
            return list(plan.application.dependencies)
        case Requirement():
            return [plan.application.text]
        case WheelFile():
            return [str(plan.application.path)]


class _Job:
    """Installing with one builder into one folder."""

    def __init__(self, plan: Plan, builder: Builder, site: Path) -> None:
        self._settings = plan.settings
        self._builder = builder
        self._site = site

    def install(self, what: list[str]) -> None:
        """Install requirements; provide what builds turn out to need, and try again."""
        if not what:
            return
        argv = [
            *("pip", "install", "--target", str(self._site)),
            *("--python", str(self._builder.python)),
            *("--cache-dir", str(self._builder.cache)),
            *("--link-mode", "copy", "--no-progress"),
            *(word for name in self._settings.no_binary for word in ("--no-binary", name)),
            *what,
        ]
        said = "installing " + " ".join(word for word in what if not word.startswith("--"))
        done = _run(argv, said, self._builder.environment(os.environ), self._tell)
        if self._builder.add_missing():
            # What was built without it is not to be taken from the cache.
            again = ["--reinstall", *(["--refresh"] if done.status == 0 else [])]
            environment = self._builder.environment(os.environ)
            done = _run([*argv, *again], said, environment, self._tell)
        if done.status != 0:
            raise _refusal(said, _output_of(done), self._builder.missing())

    def _tell(self, line: str) -> None:
        """Say what is built from source, which may take minutes."""
        found = _BUILDING.search(_NOISE.sub("", line))
        if found:
            self._builder.site.console.note(f"building {found[1]} from source")


def _uv(argv: list[str], what: str) -> None:
    done = _run(argv, what, dict(os.environ))
    if done.status != 0:
        raise _refusal(what, _output_of(done), set())


def _run(
    argv: list[str], what: str, env: dict[str, str], on_line: Callable[[str], None] = lambda _: None
) -> Finished:
    env.pop("VIRTUAL_ENV", None)
    env["SOURCE_DATE_EPOCH"] = "315532800"
    writes = tuple(Path(path) for option, path in pairwise(argv) if option in _WRITTEN)
    try:
        return run_watched(
            [find_uv_bin(), *argv], env=env, what=what, on_line=on_line, writes=writes
        )
    except FileNotFoundError as error:
        message = f"{what} failed: uv is not installed"
        raise ToolError(message, hint="install Obelisk again, with its dependencies") from error


def _output_of(done: Finished) -> str:
    return _NOISE.sub("", done.stderr.decode(errors="replace")).strip()


def _refusal(what: str, output: str, missing: set[str]) -> CollectError:
    message = f"{what} failed\n{output}"
    failed = _FAILED_BUILD.search(output)
    if failed is None:
        return CollectError(message, hint=_hint(output))
    package, _, version = failed[1].partition("==")
    message += f"\n`{package}` has no wheel for the target, and building it from source failed"
    if missing:
        message += f": it needs a {' and a '.join(sorted(missing))} compiler, which is not here"
    choices = f"try another version than {version}, " if version else "try another version, "
    choices += "name the C libraries that it needs in `build-packages`, or do without the package"
    return CollectError(message, hint=choices)


def _hint(output: str) -> str:
    if "hash" in output.lower():
        return "the download is not what the lock or requirement file says; find out why"
    if "No solution found" in output:
        return (
            "a package without a wheel for the target, and without source to build it from, may "
            "have one in another version; or do without it"
        )
    return "uv's message above says what is wrong"
