"""Installing the application and its dependencies for the target, with uv.

Nothing of it is run. uv chooses wheels for the target's Python; what has none is built from source
by its own backend, in isolation, with the target's Python and compilers (buildenv/environment.py).
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from obelisk.buildenv.environment import Demand, Interpreter
from obelisk.collect.asked import Asked
from obelisk.collect.installed import Prefix, make_prefix
from obelisk.collect.uv import (
    detail_of,
    folder_with_config,
    is_chosen,
    is_detail,
    output_of,
    refusal,
    require_uv,
    run_uv,
)
from obelisk.config.requirements import Requirements
from obelisk.distribution.versions import major_minor
from obelisk.plan import Plan
from obelisk.services.atomic import link_or_copy
from obelisk.services.process import Finished

_BUILDING: Final = re.compile(r"\s+(Building|Built) ([\w.-]+(?:==\S+| @ \S+))")
"""uv's own line, not one of a build's tools, such as CMake's `Building CXX object`."""
_SHOWN: Final = 5
"""Requirements of a file that a message names."""


def install(
    plan: Plan, demand: Demand, asked: Asked, work: Path, *, start: Prefix | None = None
) -> Prefix:
    """Install what is `asked` for below a folder of `work` and return that.

    `start` has all of it already but what is `asked.on_top`. Raises `CollectError` when something
    does not resolve, build or match its hash.
    """
    job = _Job(plan, demand, work)
    if start is not None:
        shutil.copytree(start.root, job.prefix.root, copy_function=link_or_copy, dirs_exist_ok=True)
        job.install(asked.on_top, [*_written(asked.unhashed, work, "unhashed"), "--no-deps"])
        return job.prefix
    more = _written(plan.requirements, work, "more")
    if asked.locked is None:
        job.install(asked.own, more)
        return job.prefix
    hashed = _written(replace(asked.locked, unhashed=()), work, "locked")
    # Of a pylock.toml `plan` has seen that every archive has a hash.
    job.install((), hashed if asked.locked.locks else [*hashed, "--require-hashes"])
    job.install(asked.on_top, [*_written(asked.unhashed, work, "unhashed"), "--no-deps"])
    job.install((), more)
    return job.prefix


def install_first(plan: Plan, demand: Demand, requirement: str, work: Path) -> Prefix:
    """Install a package where `install` will find it, without its dependencies; raise likewise."""
    job = _Job(plan, demand, work)
    job.install((requirement,), ["--no-deps"])
    return job.prefix


def new_prefix(plan: Plan, work: Path) -> Prefix:
    """Return the prefix for what a plan installs in the folder `work`; make its folders."""
    return make_prefix(work / "prefix", major_minor(plan.python.version))


def forget(interpreter: Interpreter, names: Sequence[str]) -> None:
    """Remove packages from the installer's cache, so that they are downloaded or built again.

    Without waiting for other builds: they would have taken what is damaged.
    """
    cache = str(interpreter.cache)
    argv = ["cache", "clean", "--force", "--cache-dir", cache, "--", *names]
    require_uv(argv, "removing " + ", ".join(names) + " from uv's cache")


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
    options += requirements.options
    for lock in requirements.locks:
        options += ["--requirements", str(lock)]
    return options


class _Job:
    """Installing into one folder."""

    def __init__(self, plan: Plan, demand: Demand, work: Path) -> None:
        self._no_binary = plan.settings.no_binary
        self._options = [f"--no-binary={name}" for name in self._no_binary]
        self._options += ["--refresh"] if plan.refresh else []
        self._demand = demand
        self._work = work
        self.prefix = new_prefix(plan, work)
        self._project = folder_with_config(plan.installer, work)
        self._begun: dict[str, float] = {}

    def install(self, wanted: Sequence[str], options: Sequence[str]) -> None:
        """Install requirements; provide what builds turn out to need, and try again."""
        if not wanted and "--requirements" not in options:
            return
        interpreter = self._demand.interpreter
        argv = [
            *("pip", "install", "--prefix", str(self.prefix.root), "--no-editable"),
            *("--project", str(self._project)),
            *("--python", str(interpreter.python), *interpreter.options),
            *("--cache-dir", str(interpreter.cache)),
            # The same bytes need no room twice: whoever changes one of them changes its time.
            *("--link-mode", "hardlink", "--no-progress", "--verbose"),
            *self._options,
            *options,
        ]
        said = "installing " + " ".join(_said(wanted, options, self._work))
        # What comes after `--` cannot be an option.
        last = ("--", *wanted) if wanted else ()
        done = self._run([*argv, *last], said)
        if not self._demand.is_met():
            self._demand.meet()
            done = self._run([*argv, *last], said)
        builder = self._demand.builder
        if builder and builder.add_missing():
            # What was built without it is not to be taken from the cache.
            again = ["--reinstall", *(["--refresh"] if done.status == 0 else [])]
            done = self._run([*argv, *again, *last], said)
        if done.status != 0:
            missing = builder.missing() if builder else set()
            distribution = interpreter.distribution
            foreign = distribution.target if distribution.native else None
            raise refusal(said, output_of(done), missing, self._no_binary, foreign)

    def _run(self, argv: list[str], said: str) -> Finished:
        on_line = self._tell if self._demand.builder else lambda _: None
        return run_uv(argv, said, self._demand.environment(os.environ), on_line)

    def _tell(self, line: str) -> None:
        """Say what is built from source, which may take minutes, and how far that is."""
        console = self._demand.interpreter.services.console
        begun, package = building(line)
        if begun:
            self._begun[package] = time.monotonic()
            console.note(f"building {package} from source" + _why(package, self._no_binary))
        elif package in self._begun:
            seconds = time.monotonic() - self._begun.pop(package)
            console.note(f"built {package} in {seconds:.0f} s")
        elif self._begun and is_detail(line):
            package, since = next(iter(self._begun.items()))
            console.progress(f"{package} {time.monotonic() - since:.0f} s: {detail_of(line)}")


def building(line: str) -> tuple[bool, str]:
    """Return whether uv begins or ends to build a package, and which; "" for other lines."""
    found = _BUILDING.fullmatch(line.rstrip())
    return (found[1] == "Building", found[2]) if found else (False, "")


def _why(package: str, no_binary: Collection[str]) -> str:
    """Return why it is built, unless it is somebody's own folder or choice."""
    if " @ file:" in package or is_chosen(package.partition("==")[0], no_binary):
        return ""
    return ": it has no wheel for the target; this takes a while"


def _said(wanted: Sequence[str], options: Sequence[str], work: Path) -> list[str]:
    """Return what is installed; of files that were written for uv, what is in them."""
    words = list(wanted)
    for path in (Path(word) for word in options if not word.startswith("--")):
        if path.parent != work:
            words.append(str(path))
        elif path.stem.endswith("requirements"):
            lines = path.read_text(encoding="utf-8").splitlines()
            words += [line.partition(" --hash=")[0] for line in lines[:_SHOWN]]
            words += [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return words
