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

_NOISE: Final = re.compile(r"\x1b\[[0-9;]*m")


def install(plan: Plan, site: Path, work: Path) -> None:
    """Install everything that `plan` names into the folder `site`.

    Raises `CollectError` when something does not resolve, build or match its hash.
    """
    site.mkdir()
    match plan.application:
        case Project():
            _install_project(plan, plan.application, site, work)
        case Script():
            _install_script(plan, plan.application, site)
        case Requirement():
            _pip_install(plan, site, [plan.application.text])
        case WheelFile():
            _pip_install(plan, site, [str(plan.application.path)])
    for path in plan.requirement_files:
        _pip_install(plan, site, ["--requirements", str(path)])


def _install_project(plan: Plan, project: Project, site: Path, work: Path) -> None:
    if plan.lock is None:
        _pip_install(plan, site, [str(project.folder)])
        return
    if plan.lock.name == "uv.lock":
        locked = work / "requirements.txt"
        _export(["--project", str(project.folder), "--no-emit-project"], locked, plan.lock)
    else:
        locked = plan.lock
    if not _is_empty(locked):
        _pip_install(plan, site, ["--require-hashes", "--requirements", str(locked)])
    _pip_install(plan, site, ["--no-deps", str(project.folder)])


def _install_script(plan: Plan, script: Script, site: Path) -> None:
    if plan.lock is not None:
        locked = site.parent / "requirements.txt"
        _export(["--script", str(script.path)], locked, plan.lock)
        if not _is_empty(locked):
            _pip_install(plan, site, ["--require-hashes", "--requirements", str(locked)])
    elif script.dependencies:
        _pip_install(plan, site, list(script.dependencies))


def _export(options: list[str], place: Path, lock: Path) -> None:
    argv = ["export", "--frozen", "--no-dev", "--no-header", "--no-annotate", *options]
    _uv([*argv, "--output-file", str(place)], f"reading {lock}")


def _is_empty(requirements: Path) -> bool:
    lines = requirements.read_text().splitlines()
    return requirements.suffix == ".txt" and not any(
        line.strip() and not line.startswith("#") for line in lines
    )


def _pip_install(plan: Plan, site: Path, what: list[str]) -> None:
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
