"""Installing the application and its dependencies for the target, with uv.

Nothing of it is run. uv chooses wheels for the target's Python; what has none is built from source
by its own backend, in isolation, with the target's Python and compilers (distribution/builder.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from uv import find_uv_bin

from obelisk.collect.installed import Prefix
from obelisk.config.installer import InstallerConfig
from obelisk.config.request import Project, Requirement, Script, WheelFile
from obelisk.config.requirements import Requirements, read_requirements
from obelisk.distribution.builder import Builder
from obelisk.distribution.recipes.cpython import major_minor
from obelisk.errors import CollectError, ToolError
from obelisk.plan import Plan
from obelisk.process import Finished, run_watched

_FAILED_BUILD: Final = re.compile(
    r"(?:Failed to build|failed to build|Failed to download and build) `([^`]+)`"
)
_BUILDING: Final = re.compile(r"^\s+Building (\S+)")
_NOISE: Final = re.compile(r"\x1b\[[0-9;]*m")
_WRITTEN: Final = ("--target", "--prefix", "--cache-dir", "--output-file")


def install(plan: Plan, builder: Builder, work: Path) -> Prefix:
    """Install everything that `plan` names below a folder of `work` and return that.

    Raises `CollectError` when something does not resolve, build or match its hash.
    """
    job = _Job(plan, builder, work)
    more = _written(plan.requirements, work, "more")
    locked = _locked_requirements(plan, work)
    if locked is None:
        job.install(_wanted(plan), more)
        return job.prefix
    hashed = _written(replace(locked, unhashed=()), work, "locked")
    # Of a pylock.toml `plan` has seen that every archive has a hash.
    job.install((), hashed if locked.locks else [*hashed, "--require-hashes"])
    unhashed = _written(Requirements(lines=locked.unhashed), work, "unhashed")
    # A script is no package: its lock has all that it wants.
    own = _wanted(plan) if isinstance(plan.application, Project) else ()
    job.install(own, [*unhashed, "--no-deps"])
    job.install((), more)
    return job.prefix


def forget(builder: Builder, names: Sequence[str]) -> None:
    """Remove packages from the installer's cache, so that they are downloaded or built again.

    Without waiting for other builds: they would have taken what is damaged.
    """
    argv = ["cache", "clean", "--force", "--cache-dir", str(builder.cache), "--", *names]
    _uv(argv, "removing " + ", ".join(names) + " from uv's cache")


def _locked_requirements(plan: Plan, work: Path) -> Requirements | None:
    """Return the lock's versions and hashes, or that a pylock.toml has them."""
    if plan.lock is None:
        return None
    if plan.lock.suffix == ".toml":
        return Requirements(locks=(plan.lock,))
    if isinstance(plan.application, Script):
        options = ["--script", str(plan.application.path)]
    else:
        options = ["--project", str(plan.folder), "--no-emit-project"]
    place = work / "exported.txt"
    argv = ["export", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-editable"]
    # All that a frozen export says is in the lock: nobody's configuration has a part in it.
    argv += ["--no-config", "--output-file", str(place), *options]
    _uv(argv, f"reading {plan.lock}")
    return read_requirements([place], plan.folder)


def _wanted(plan: Plan) -> list[str]:
    """Return the requirements that the application itself is, or has without a lock."""
    match plan.application:
        case Project() as project:
            return [f"{project.name} @ {project.folder.as_uri()}"]
        case Script():
            return list(plan.application.dependencies)
        case Requirement():
            return [plan.application.text]
        case WheelFile() as wheel:
            return [f"{wheel.name} @ {wheel.path.as_uri()}"]


def _written(requirements: Requirements, work: Path, name: str) -> list[str]:
    """Return the options for requirements from files, which are written anew for uv."""
    options = []
    for option, lines in (
        ("requirements", (*requirements.lines, *requirements.unhashed)),
        ("constraints", requirements.constraints),
    ):
        if lines:
            place = work / f"{name}-{option}.txt"
            place.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            options += [f"--{option}", str(place)]
    for lock in requirements.locks:
        options += ["--requirements", str(lock)]
    return options


class _Job:
    """Installing with one builder into one folder."""

    def __init__(self, plan: Plan, builder: Builder, work: Path) -> None:
        self._settings = plan.settings
        self._builder = builder
        root, version = work / "prefix", major_minor(plan.python.version)
        self.prefix = Prefix(root=root, site=root / f"lib/python{version}/site-packages")
        self.prefix.site.mkdir(parents=True)
        self._project = _folder_with_config(plan.installer, work)

    def install(self, wanted: Sequence[str], options: Sequence[str]) -> None:
        """Install requirements; provide what builds turn out to need, and try again."""
        if not wanted and "--requirements" not in options:
            return
        argv = [
            *("pip", "install", "--prefix", str(self.prefix.root), "--no-editable"),
            *("--project", str(self._project)),
            *("--python", str(self._builder.python)),
            *("--cache-dir", str(self._builder.cache)),
            *("--link-mode", "copy", "--no-progress"),
            *(f"--no-binary={name}" for name in self._settings.no_binary),
            *options,
        ]
        said = "installing " + " ".join(_said(wanted, options))
        # What comes after `--` cannot be an option.
        last = ("--", *wanted) if wanted else ()
        done = _run([*argv, *last], said, self._builder.environment(os.environ), self._tell)
        if self._builder.add_missing():
            # What was built without it is not to be taken from the cache.
            again = ["--reinstall", *(["--refresh"] if done.status == 0 else [])]
            environment = self._builder.environment(os.environ)
            done = _run([*argv, *again, *last], said, environment, self._tell)
        if done.status != 0:
            raise _refusal(said, _output_of(done), self._builder.missing())

    def _tell(self, line: str) -> None:
        """Say what is built from source, which may take minutes."""
        found = _BUILDING.search(_NOISE.sub("", line))
        if found:
            self._builder.site.console.note(f"building {found[1]} from source")


def _said(wanted: Sequence[str], options: Sequence[str]) -> list[str]:
    return [*wanted, *(word for word in options if not word.startswith("--"))]


def _folder_with_config(config: InstallerConfig, work: Path) -> Path:
    """Return the folder where uv finds what it is to obey, and looks no further."""
    if config.project:
        return config.project.parent
    folder = work / "no-project"
    folder.mkdir()
    (folder / "uv.toml").touch()
    return folder


def _uv(argv: list[str], what: str) -> None:
    done = _run(argv, what, dict(os.environ))
    if done.status != 0:
        raise _refusal(what, _output_of(done), set())


def _run(
    argv: list[str], what: str, env: dict[str, str], on_line: Callable[[str], None] = lambda _: None
) -> Finished:
    env.pop("VIRTUAL_ENV", None)
    env["SOURCE_DATE_EPOCH"] = "315532800"
    env["UV_NO_WRAP"] = "1"  # or what tools say is cut at the width of some terminal
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
