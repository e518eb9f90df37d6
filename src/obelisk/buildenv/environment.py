"""What packages are built with: the target's Python, able to load extension modules, and compilers.

Build backends run in this Python as on a system whose libc is musl: its sysconfig, its headers and
its platform tags are the target's, and wheels for musl that a build needs (numpy) work in it. The
compilers are those of the distribution, under the names that backends call.

Where the target's programs do not run here, the Python is this machine's own of the same version,
with the target's headers and, while a package is built, the target's sysconfig (cross.py).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from obelisk.buildenv import cross, isolation, windows
from obelisk.components.pinned import COMPILER_RT, CXX, libcxx_version
from obelisk.distribution.distribution import Distribution
from obelisk.recipes import EXTRA_RECIPES, RECIPES
from obelisk.recipes.build import (
    build_extra,
    build_libraries,
    library_key,
    merge_into_sysroot,
)
from obelisk.recipes.cxx import obtain_cxx
from obelisk.services.cache import content_key, hash_code, hash_tree
from obelisk.services.pins import Pins
from obelisk.services.process import run_logged
from obelisk.services.services import Services
from obelisk.toolchain import marks
from obelisk.toolchain.clang import VERSION, Toolchain, write_toolchain
from obelisk.toolchain.marks import Mark, mark_library


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """The Python that packages are installed for: the installer asks it for its platform tags."""

    home: Path
    python: Path
    """The interpreter that build backends run in."""
    cache: Path
    """Folder for what the installer downloads and builds."""
    services: Services
    packages: tuple[str, ...]
    """The libraries that extension modules may be linked with."""
    distribution: Distribution

    @property
    def options(self) -> list[str]:
        """What the installer is told of the target, beside the interpreter."""
        return cross.installer_options(self.distribution.target)

    def builder(self, work: Path) -> Builder:
        """Return a builder with its compilers in the folder `work`; build libraries that it lacks.

        Raises `SourceError` or `ToolError`.
        """
        root, search = work / "toolchain", os.environ.get("PATH", os.defpath)
        if self.services.target.system == "windows":
            chain = windows.write_builder(
                self.distribution, root, self.home, [self.cache, self.home], search
            )
            return Builder(interpreter=self, chain=chain)
        chain = write_toolchain(self.services.target, root)
        for name, library in _libraries(self.services, self.packages):
            merge_into_sysroot(library, chain.root)
            _mark(name, library, chain, self.services.pins)
        named = [Path(name) for name in self.packages if Path(name).is_absolute()]
        isolation.write_tools(chain, self.home, [self.cache, *named], search)
        cross.write_tools(chain)
        for folder in named:
            isolation.add_programs(chain, folder / "bin")
        return Builder(interpreter=self, chain=chain)


@dataclass(frozen=True, kw_only=True, slots=True)
class Builder:
    """A place where packages can be built."""

    interpreter: Interpreter
    """What build backends run in."""
    chain: Toolchain

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the installer, which starts backends; `base` is the user's."""
        interpreter = self.interpreter
        distribution, home = interpreter.distribution, interpreter.home
        if distribution.target.system == "windows":
            foreign = windows.variables(distribution, home)
        else:
            foreign = cross.variables(self.chain, distribution, home)
        return isolation.enclosed(self.chain, base, foreign)

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of a build backend; `base` is the user's."""
        return isolation.variables(self.chain, base)

    def missing(self) -> set[str]:
        """Return the languages whose compiler was called and is not there."""
        return {path.name for path in self._calls.iterdir()}

    def add_missing(self) -> bool:
        """Provide what was missing and can be built; say whether there was anything."""
        is_windows = self.interpreter.services.target.system == "windows"
        if isolation.CXX not in self.missing() or is_windows:
            return False
        services, sysroot = self.interpreter.services, self.interpreter.distribution.sysroot
        merge_into_sysroot(obtain_cxx(services, sysroot), self.chain.root)
        for name, part in CXX.items():
            mark_library(self.chain.lib / f"lib{name}.a", Mark(part, libcxx_version()))
        (self._calls / isolation.CXX).unlink()
        isolation.add_cxx(self.chain)
        return True

    @property
    def _calls(self) -> Path:
        return self.chain.root / "calls"


class Demand:
    """A builder that is made when the installer wants to build a package, and not before.

    What starts a backend without one leaves a note of that (sitecustomize.py), and fails.
    """

    def __init__(self, interpreter: Interpreter, work: Path) -> None:
        self.interpreter = interpreter
        self.builder: Builder | None = None
        self._work = work
        self._missing = work / "build-environment"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the installer; `base` is the user's."""
        if self.builder is not None:
            return self.builder.environment(base)
        return isolation.without_builder(base, self._missing)

    def is_met(self) -> bool:
        """Return whether the last run of the installer found what it wanted to build with."""
        return self.builder is not None or not isolation.wanted(self._missing).exists()

    def meet(self) -> None:
        """Make the builder if there is none yet; raise as `Interpreter.builder` does."""
        self.builder = self.builder or self.interpreter.builder(self._work)


def obtain_interpreter(
    services: Services, distribution: Distribution, packages: tuple[str, ...], work: Path
) -> Interpreter:
    """Return the Python that packages are installed for; build it if it is missing.

    `packages` are the libraries that extension modules may be linked with besides libc: names of
    recipes, or absolute paths of folders with `include` and `lib`. Raises `SourceError` or
    `ToolError`.
    """
    own = distribution.host
    inputs = {
        "distribution": distribution.key,
        "host": own.key,
        "code": hash_code(
            *(sys.modules[__name__], isolation, cross, windows, marks),
            *(_beside(name) for name in ("guard.py", "sitecustomize.py", "windows_cc.py")),
        ),
        # The interpreter names its loader by the whole path.
        "place": str(services.cache.root),
    }
    key = content_key(inputs)

    def make(folder: Path) -> None:
        place = services.cache.root / "builders" / key
        version = distribution.source.version
        with (
            services.console.step(f"Preparing Python {version} to build packages"),
            services.cache.scratch("builder") as root,
        ):
            _make(own, root, folder, place)
            if distribution.target.system == "windows":
                windows.add_sysconfig(distribution, folder)
            elif own != distribution:
                cross.add_foreign(distribution, folder)

    home = services.cache.obtain("builders", key, make)
    return Interpreter(
        home=home,
        python=home / "bin" / f"python{distribution.version}",
        cache=services.cache.folder_of_uv(_installer_key(key, packages, services), work),
        services=services,
        packages=packages,
        distribution=distribution,
    )


def _installer_key(builder: str, packages: tuple[str, ...], services: Services) -> str:
    """Name a cache of what was built with these libraries; other ones may give other results."""
    if not packages:
        return builder
    folders = {name: hash_tree(Path(name)) for name in packages if Path(name).is_absolute()}
    extra = {
        name: library_key(services.target, name, services.pins)
        for name in packages
        if name in EXTRA_RECIPES  # those of the distribution are in the builder's key
    }
    inputs = {"builder": builder, "packages": sorted(packages), "folders": folders, "extra": extra}
    return content_key(inputs)


def _libraries(services: Services, packages: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Return libc and the libraries that `packages` name, each with its folder."""
    found = build_libraries(services)
    chosen = [("musl", found["musl"])]
    for package in packages:
        if package in found:
            chosen.append((package, found[package]))
        elif package in EXTRA_RECIPES:
            chosen.append((package, build_extra(services, package, found)))
        else:
            chosen.append((package, Path(package)))
    return chosen


def _mark(name: str, library: Path, chain: Toolchain, pins: Pins) -> None:
    """Mark a library in a toolchain, so that what is linked with it shows that."""
    if name in RECIPES or name in EXTRA_RECIPES:
        for path in sorted((library / "lib").glob("*.a")):
            mark_library(chain.lib / path.name, Mark(name, pins[name].version))
    for path in sorted((chain.root / "resource/lib/linux").glob("*.a") if name == "musl" else ()):
        mark_library(path, Mark(COMPILER_RT, VERSION))


def _beside(name: str) -> Path:
    return Path(str(files("obelisk"))) / "buildenv" / name


def _make(distribution: Distribution, root: Path, folder: Path, place: Path) -> None:
    """Lay out a Python below `folder` that will be at `place`."""
    chain = write_toolchain(distribution.target, root / "toolchain")
    merge_into_sysroot(distribution.sysroot, chain.root)
    stdlib = distribution.stdlib
    for name in ("bin", "lib"):
        (folder / name).mkdir()
    shutil.copy(chain.lib / "libc.so", folder / "lib/ld-musl.so.1")
    skipped = shutil.ignore_patterns("config-*")
    library = folder / "lib" / stdlib.name
    shutil.copytree(stdlib, library, ignore=skipped)
    shutil.copytree(distribution.include, folder / "include" / stdlib.name)
    shutil.copyfile(_beside("sitecustomize.py"), library / "sitecustomize.py")
    (library / "lib-dynload").mkdir()  # Python looks for it to know where it is
    libraries = [name for recipe in RECIPES.values() for name in recipe.provides]
    argv: list[str | Path] = [
        chain.tool("cc-shared"),
        *("-pie", "-Wl,--export-dynamic"),
        f"-Wl,--dynamic-linker={place / 'lib/ld-musl.so.1'}",
        distribution.sysroot / "Programs/python.o",
        *("-Wl,--whole-archive", distribution.static_library, "-Wl,--no-whole-archive"),
        *distribution.bundled_archives,
        "-Wl,--start-group",
        *(f"-l{name}" for name in libraries if name not in ("c", "m", "dl", "mimalloc")),
        "-Wl,--end-group",
        *("-o", folder / "bin" / stdlib.name),
    ]
    env = chain.environment()
    run_logged(argv, log=root / "log.txt", cwd=root, env=env, what="linking Python")
