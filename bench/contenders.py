"""Obelisk and its peers: how each makes something that starts out of an application.

Each peer has an environment of its own with one pinned version of it, below the place's root. What
a peer cannot build is a row with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from bench.applications import Application
from bench.environments import (
    Environment,
    index_variables,
    install_into,
    make_environment,
)
from bench.model import OWN, BenchError
from bench.place import Place
from bench.processes import Command

NOTHING: Mapping[str, str] = MappingProxyType({})
SERVICES = ("service",)
"""Applications that run until they are told to end."""
_PAGE = "http://127.0.0.1:8000/items/7?tax=0.07"
"""Of a service whose port nobody chose."""
_LIMIT = 1800.0
"""Seconds that a peer may take to build one application."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """An application that is built by a peer; the folder keeps what a second build may use."""

    place: Place
    environment: Environment
    application: Application
    out: Path
    variables: Mapping[str, str]
    """More variables for Obelisk itself."""

    def run(self, *command: str) -> None:
        """Run a step of the build in the folder."""
        extra = index_variables(self.place)
        self.place.run(command, self.out, extra=extra, timeout=_LIMIT)

    def product(self, program: str, shipped: str = "") -> Command:
        """Return the command whose program is a file below the folder."""
        files = self.out / (shipped or program)
        return start_of(self.place, [self.place.within(self.out / program)], files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way to ship an application."""

    name: str
    pin: str
    """The requirement that brings it; empty if nothing has to be installed."""
    build: Callable[[Job], Command]
    """Build into the folder and return what starts it."""
    applications: tuple[str, ...]
    elsewhere: str = ""
    """Why it has no row for the others; empty if it could have none."""


def build(
    contender: Contender,
    place: Place,
    application: Application,
    *,
    anew: bool,
    variables: Mapping[str, str] = NOTHING,
) -> Command:
    """Build an application; raise `BenchError` with the reason if that cannot be.

    With `anew`, nothing is left of an earlier build.
    """
    if application.name not in contender.applications:
        raise BenchError(contender.elsewhere or "not built with it")
    environment = environment_of(contender, place, application)
    out = place.folder("built", environment.folder.name, empty=anew)
    job = Job(
        place=place,
        environment=environment,
        application=application,
        out=out,
        variables=variables,
    )
    return contender.build(job)


def environment_of(contender: Contender, place: Place, application: Application) -> Environment:
    """Return the environment in which a contender builds an application."""
    words = contender.name.lower().replace(",", "").split()
    pins = (contender.pin,) if contender.pin else ()
    name = "-".join([*words, application.name])
    return make_environment(place, name, (*pins, *application.requirements))


def start_of(place: Place, argv: list[str], *files: Path) -> Command:
    """Return the command for what was built below the place's root."""
    environment = place.environment()
    return Command(argv=tuple(argv), root=place.root, environment=environment, files=files)


def obelisk(
    script: Path, product: Path, *options: str, variables: Mapping[str, str] = NOTHING
) -> None:
    """Build a script by Obelisk's own command line; raise `BenchError` if it fails."""
    command = [sys.executable, "-m", "obelisk", "build", "-q", *options]
    command += [str(script), "-o", str(product)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **variables}
    )
    if done.returncode != 0:
        message = f"obelisk ended with status {done.returncode}: {done.stderr[-400:]}"
        raise BenchError(message)


def _obelisk(*options: str) -> Callable[[Job], Command]:
    def run(job: Job) -> Command:
        name = job.application.name
        obelisk(job.application.script, job.out / name, *options, variables=job.variables)
        return job.product(name)

    return run


def _obelisk_snapshot(job: Job) -> Command:
    """Train with one run; a service is asked for one page in it."""
    asked = ("--train-request", _PAGE) if job.application.name in SERVICES else ()
    return _obelisk("--snapshot", "--train", "", *asked)(job)


def _pyinstaller(mode: str) -> Callable[[Job], Command]:
    def run(job: Job) -> Command:
        name = job.application.name
        command = [job.environment.program("pyinstaller"), "--noconfirm", f"--{mode}"]
        command += ["--log-level", "ERROR", "--name", name, "--specpath", "."]
        for data in job.application.data:
            command += ["--add-data", f"{job.place.within(job.application.folder / data)}:."]
        job.run(*command, job.place.within(job.application.script))
        if mode == "onefile":
            return job.product(f"dist/{name}")
        return job.product(f"dist/{name}/{name}", f"dist/{name}")

    return run


def _nuitka(job: Job) -> Command:
    command = [job.environment.program("python"), "-m", "nuitka", "--mode=onefile", "--quiet"]
    command += ["--assume-yes-for-downloads", "--output-dir=work", "--output-filename=product"]
    job.run(*command, job.place.within(job.application.script))
    return job.product("work/product")


def _cx_freeze(job: Job) -> Command:
    command = [job.environment.program("cxfreeze"), "--script"]
    command += [job.place.within(job.application.script), "build_exe", "--silent"]
    command += ["--include-path", job.place.within(job.application.folder)]
    job.run(*command, "--build-exe", "product")
    return job.product(f"product/{job.application.name}", "product")


def _shiv(job: Job) -> Command:
    site = job.out / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(job.application.folder, site)
    install_into(job.place, site, job.application.requirements)
    command = [job.environment.program("shiv"), "--python", job.place.python, "--compressed"]
    command += ["--site-packages", job.place.within(site)]
    command += ["--entry-point", f"{job.application.name}:main"]
    job.run(*command, "--output-file", "product")
    return job.product("product")


def _pex(job: Job) -> Command:
    command = [job.environment.program("pex"), *job.application.requirements]
    command += ["--python", job.place.python]
    command += ["--sources-directory", job.place.within(job.application.folder)]
    command += ["--entry-point", f"{job.application.name}:main", "--output-file", "product"]
    job.run(*command)
    return job.product("product")


def _venv(job: Job) -> Command:
    """Install as pip does: modules in site-packages, a script that imports one, bytecode."""
    name, environment = job.application.name, job.environment
    shutil.copytree(job.application.folder, environment.site, dirs_exist_ok=True)
    script = environment.folder / "bin" / f"start-{name}"
    text = f"#!{environment.program('python')}\nimport sys\nfrom {name} import main\n"
    script.write_text(text + "sys.exit(main())\n", encoding="utf-8")
    script.chmod(0o755)
    job.run(
        environment.program("python"), "-m", "compileall", "-q", job.place.within(environment.site)
    )
    return start_of(
        job.place,
        [job.place.within(script)],
        environment.folder,
        *interpreter_files(job.place),
    )


def _bare(job: Job) -> Command:
    script = job.out / job.application.script.name
    shutil.copyfile(job.application.script, script)
    argv = [job.place.python, "-I", "-S", job.place.within(script)]
    return start_of(job.place, argv, script, *interpreter_files(job.place))


def interpreter_files(place: Place) -> tuple[Path, ...]:
    """Return what the place's Python reads when it starts; nothing for one that others use."""
    if not place.mounted:
        return ()
    below = place.root / "usr"
    libraries = sorted(below.glob("lib/x86_64-linux-gnu/lib*.so*"))
    return (below / "bin/python3.14", below / "lib/python3.14", *libraries)


def without_snapshot(command: Command) -> Command:
    """Return the start of an executable that does not use its snapshot."""
    return replace(command, environment={**command.environment, "OBELISK_SNAPSHOT": "0"})


_ALL = ("hello", "cli", "arrays", "imported", "service", "frame", "modules", "large")
_SLOW = "its build takes too long for a run of all: only hello and the command line are built"

OBELISK = Contender(name=OWN, pin="", build=_obelisk(), applications=_ALL)
PROFILES = tuple(
    Contender(
        name=f"{OWN}, {name}",
        pin="",
        build=_obelisk("--profile", name),
        applications=("hello", "cli", "arrays"),
    )
    for name in ("small", "fast")
)
SNAPSHOT = Contender(
    name=f"{OWN}, snapshot",
    pin="",
    build=_obelisk_snapshot,
    applications=("hello", "cli", "arrays", "imported", "service", "frame"),
)
COLD = f"{SNAPSHOT.name}, not used"
"""How the starts of `without_snapshot` are called."""
BARE = Contender(name="python -I -S", pin="", build=_bare, applications=("hello",))
VENV = Contender(
    name="venv",
    pin="",
    build=_venv,
    applications=("hello", "cli", "arrays", "imported", "service", "frame", "modules"),
)
FREEZERS = (
    Contender(
        name="PyInstaller, one file",
        pin="pyinstaller==6.22.3",
        build=_pyinstaller("onefile"),
        applications=("hello", "cli", "arrays", "modules", "large"),
    ),
    Contender(
        name="PyInstaller, folder",
        pin="pyinstaller==6.22.3",
        build=_pyinstaller("onedir"),
        applications=("hello", "cli", "arrays", "modules", "large"),
    ),
    Contender(
        name="Nuitka, one file",
        pin="nuitka==4.3.3",
        build=_nuitka,
        applications=("hello", "cli"),
        elsewhere=_SLOW,
    ),
    Contender(
        name="cx_Freeze, folder",
        pin="cx_Freeze==8.7.3",
        build=_cx_freeze,
        applications=("hello", "cli", "arrays", "modules"),
    ),
    Contender(
        name="shiv",
        pin="shiv==1.0.8",
        build=_shiv,
        applications=("hello", "cli", "arrays", "modules"),
    ),
    Contender(
        name="pex",
        pin="pex==2.105.2",
        build=_pex,
        applications=("hello", "cli", "arrays", "modules"),
    ),
)
