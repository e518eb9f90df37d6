"""CPython for Windows: compiled file by file, and laid out as its installer does.

There is no `configure`: `PC/pyconfig.h` has what it would find out. Objects are below `build` under
the paths of their sources.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from obelisk.distribution.layout import lay_out, require_host, require_version
from obelisk.distribution.versions import major_minor
from obelisk.distribution.windows import exports, frozen, inittab
from obelisk.distribution.windows.modules import (
    CORE,
    OPERATORS,
    core_inits,
    module_sources,
    modules_of,
)
from obelisk.distribution.windows.projects import project_sources
from obelisk.distribution.windows.units import INITTAB, PROGRAM, Unit, units
from obelisk.distribution.windows.units import OPERATORS as OPERATORS_FILE
from obelisk.recipes import profiles, recipes_of
from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs
from obelisk.services.process import run_logged, working_together
from obelisk.toolchain.mingw import COMPILE_FLAGS
from obelisk.toolchain.mingw_link import link_inputs

CONFIG: Final = "build/config"
"""The folder of config.c, Setup.bootstrap and the `.def` file."""
SETUP: Final = ("Setup.bootstrap", "Setup")
"""Files in it: modules without which Python does not start, and those that can be left out."""
_PYCONFIG: Final = "PC/pyconfig.h"
_STACK: Final = 8 << 20
"""Bytes of a thread's stack, as on Linux."""


def library_name(version: str) -> str:
    """Return the path of libpython, for `3.14`."""
    return f"install/libs/libpython{version}.a"


def build(shop: RecipeContext, host_python: Path | None) -> None:
    """Build CPython and lay it out below `output` as `install/` and `build/`.

    `host_python` is an interpreter of the same version that runs here. Raises `ToolError`.
    """
    require_version(shop)
    version = major_minor(shop.source.version)
    if not (shop.tree / _PYCONFIG).is_file():
        # In 3.13, with what a build of it without the GIL would change.
        shutil.copyfile(shop.tree / f"{_PYCONFIG}.in", shop.tree / _PYCONFIG)
    frozen.write_frozen(shop, require_host(host_python))
    core = project_sources(shop.tree, CORE)
    inits = core_inits(shop.tree, core)
    rows = inittab.core_rows(shop.tree)
    rows += [(module.name, f"PyInit_{module.name}") for module in modules_of(version)]
    (shop.tree / INITTAB).write_text(inittab.inittab(rows))
    (shop.tree / OPERATORS_FILE).write_text(OPERATORS)
    compiled = units(shop.tree, version)
    place = profiles.place_of(shop.source.name, shop.chain.target)
    _compile(shop, compiled, profiles.use_profile(shop, place))
    _lay_out(shop)
    own = [
        (module.name, module_sources(shop.tree, module), module.libraries)
        for module in modules_of(version)
    ]
    files = inittab.setup_files(shop.tree, inits, own)
    for name, text in zip(SETUP, files, strict=True):
        (shop.output / CONFIG / name).write_text(text)
    _link(shop, version, compiled)


def _compile(shop: RecipeContext, compiled: list[Unit], profile: tuple[str, ...]) -> None:
    folder = shop.output / "build"

    def compile_one(unit: Unit) -> None:
        made = folder / unit.object
        made.parent.mkdir(parents=True, exist_ok=True)
        # zig's own driver knows which macros LLVM's C++ headers want; unless it strips, it keeps
        # the name of the object file.
        cxx = ("zig-cc", *COMPILE_FLAGS, "-lc++", "-s")
        tool = ("cc", *profile) if unit.source.endswith(".c") else cxx
        shop.run(*tool, *unit.flags, "-c", unit.spelled, "-o", made)

    def size(unit: Unit) -> int:
        return -(shop.tree / unit.source).stat().st_size

    # The largest first, so that no processor waits for the other at the end.
    with working_together(jobs()) as pool:
        for done in [pool.submit(compile_one, unit) for unit in sorted(compiled, key=size)]:
            done.result()
    profiles.report_misfits(shop)


def _lay_out(shop: RecipeContext) -> None:
    install = shop.output / "install"
    lay_out(shop, install / "Lib", install / "Include", shop.tree / _PYCONFIG)
    config = shop.output / CONFIG
    config.mkdir()
    shutil.copyfile(shop.tree / INITTAB, config / "config.c")


def _link(shop: RecipeContext, version: str, compiled: list[Unit]) -> None:
    """Archive the objects, write what programs export, and link python.exe."""
    folder = shop.output / "build"
    objects = [folder / unit.object for unit in compiled if unit.source != PROGRAM]
    library = shop.output / library_name(version)
    library.parent.mkdir()
    names = shop.root / "objects.txt"
    names.write_text("".join(f"{path.relative_to(folder)}\n" for path in objects))
    shop.run("ar", "rcsD", library, f"@{names}", cwd=folder)
    api = exports.declared_api(shop.tree / "Include")
    text = exports.definition(objects, api)
    definition = shop.output / CONFIG / f"python{version.replace('.', '')}.def"
    definition.write_text(text)
    link_program(shop, version, definition)


def link_program(shop: RecipeContext, version: str, definition: Path) -> None:
    """Link python.exe of the objects, with every library and start file named."""
    lib = shop.chain.lib
    program = shop.output / "install/python.exe"
    libraries = [
        name for recipe in recipes_of(shop.chain.target).values() for name in recipe.provides
    ]
    argv: list[str | Path] = [
        *("-machine:x64", "-subsystem:console", f"-stack:{_STACK}", "-entry:mainCRTStartup"),
        *("-dynamicbase", "-highentropyva", "-nxcompat", "-opt:ref", "-opt:icf"),
        # Or functions have an order that differs from link to link.
        "-call-graph-profile-sort:no",
        # OpenSSL's assembly has tables in a section that no assembler knows to be read only.
        "-section:.rodata,R",
        "-alternatename:__image_base__=__ImageBase",
        f"-def:{definition}",
        f"-out:{program}",
        lib / "crt2u.obj",
        shop.output / "build" / Path(PROGRAM).with_suffix(".o"),
        shop.output / library_name(version),
        *(lib / f"lib{name}.a" for name in libraries),
        *link_inputs(lib),
    ]
    run_logged(
        [shop.chain.tool("lld-link"), *argv],
        log=shop.log,
        cwd=shop.root,
        env=shop.chain.environment(),
        what="linking python.exe",
    )
