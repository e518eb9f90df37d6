"""Installing the application and its dependencies for the target, with uv.

Nothing of it is run: uv chooses wheels by the target's platform and Python version, and only an
sdist's build backend runs, with the host's Python.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final

from uv import find_uv_bin

from obelisk.config.request import Project, Requirement, Script, WheelFile
from obelisk.distribution.recipes.cpython import major_minor
from obelisk.errors import CollectError, ToolError
from obelisk.plan import Plan
from obelisk.process import run_captured

_EXPORTED: Final = "requirements.txt"
_NOISE: Final = re.compile(r"\x1b\[[0-9;]*m")


def install(plan: Plan, site: Path, work: Path) -> None:
    """Install everything that `plan` names into the folder `site`.

    Raises `CollectError` when something does not resolve, build or match its hash.
    """
    site.mkdir()
    locked = _locked_requirements(plan, work)
    more = [word for path in plan.requirement_files for word in ("--requirements", str(path))]
    wanted = _wanted(plan)
    if locked is None:
        _pip_install(plan, site, [*wanted, *more])
        return
    if locked.suffix == ".toml" or "==" in locked.read_text():
        _pip_install(plan, site, ["--require-hashes", "--requirements", str(locked)])
    if isinstance(plan.application, Project):
        _pip_install(plan, site, ["--no-deps", *wanted])
    _pip_install(plan, site, more)


def _locked_requirements(plan: Plan, work: Path) -> Path | None:
    """Return a requirement file of the lock's versions and hashes, or the pylock.toml itself."""
    if plan.lock is None or plan.lock.name == "pylock.toml":
        return plan.lock
    if isinstance(plan.application, Script):
        options = ["--script", str(plan.application.path)]
    else:
        options = ["--project", str(plan.folder), "--no-emit-project"]
    place = work / _EXPORTED
    argv = ["export", "--frozen", "--no-dev", "--no-header", "--no-annotate", *options]
    _uv([*argv, "--output-file", str(place)], f"reading {plan.lock}")
    return place


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


def _pip_install(plan: Plan, site: Path, what: list[str]) -> None:
    if not what:
        return
    argv = [
        *("pip", "install", "--target", str(site)),
        *("--python", sys.executable),
        *("--python-version", major_minor(plan.python.version)),
        *("--python-platform", plan.target.triple),
        *("--link-mode", "copy", "--no-progress"),
        *what,
    ]
    _uv(argv, "installing " + " ".join(word for word in what if not word.startswith("--")))


def _uv(argv: list[str], what: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    env["SOURCE_DATE_EPOCH"] = "315532800"
    try:
        done = run_captured([find_uv_bin(), *argv], env=env, what=what)
    except FileNotFoundError as error:
        message = f"{what} failed: uv is not installed"
        raise ToolError(message, hint="install Obelisk again, with its dependencies") from error
    if done.status != 0:
        output = _NOISE.sub("", done.stderr.decode(errors="replace")).strip()
        message = f"{what} failed\n{output}"
        raise CollectError(message, hint=_hint(output))


def _hint(output: str) -> str:
    if "hash" in output.lower():
        return "the download is not what the lock or requirement file says; find out why"
    if "No solution found" in output:
        return "no release of these packages has a wheel for the target or a pure-Python sdist"
    return "uv's message above says what is wrong"
