"""Building for Windows: the libraries, each one cached by itself, and whatever else has a pin."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from obelisk.recipes import Recipe, context, libffi, openssl, patches, sqlite, xz, zlib
from obelisk.recipes.build import build_libraries as build_native_libraries
from obelisk.recipes.build import library_key as native_library_key
from obelisk.recipes.build import merge_into_sysroot, source_identity
from obelisk.recipes.context import RecipeContext
from obelisk.recipes.own import check_version, own_pin_named
from obelisk.recipes.windows import RECIPES, RUNTIME, libraries
from obelisk.services import host
from obelisk.services.cache import content_key, hash_code
from obelisk.services.fetch import fetch, unpack
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import working_together
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain.clang import write_toolchain
from obelisk.toolchain.mingw import mingw_identity, write_mingw
from obelisk.toolchain.mingw_runtime import build_mingw_runtime, mingw_runtime_code

_NATIVE: Final = "musl"
"""What programs are linked with that are run while building."""
_AT_ONCE: Final = 2
"""Libraries built side by side: while one configures, on one processor, another compiles."""


def build_windows_libraries(services: Services) -> dict[str, Path]:
    """Build what is not cached; return the folder of each library, and of `RUNTIME`, by its name.

    Raises `SourceError` or `ToolError`.
    """
    native = build_native_libraries(replace(services, target=host.own_target()))[_NATIVE]
    with working_together(_AT_ONCE) as pool:
        running = {
            RUNTIME: pool.submit(_runtime, services),
            **{
                name: pool.submit(_library, services, recipe, native)
                for name, recipe in RECIPES.items()
            },
        }
        return {name: future.result() for name, future in running.items()}


def windows_library_key(target: Target, name: str, pins: Pins) -> str:
    """Return the cache key of a library, or of `RUNTIME`: all that can change its bytes."""
    if name == RUNTIME:
        return content_key({"toolchain": mingw_identity(target), "code": mingw_runtime_code()})
    recipe = RECIPES[name]
    is_native = recipe.runs_programs
    return content_key(
        {
            "native": native_library_key(host.own_target(), _NATIVE, pins) if is_native else None,
            "source": windows_source_identity(pins[name]),
            "code": hash_code(
                *(sys.modules[recipe.build.__module__], sys.modules[__name__], libraries),
                *(context, patches, libffi, openssl, sqlite, xz, zlib),
            ),
            "provides": recipe.provides,
            "toolchain": mingw_identity(target),
        }
    )


def windows_source_identity(pinned: Pin) -> dict[str, object]:
    """Return what names a source's bytes and its patches for Windows, for cache keys."""
    found = {patch.name: hashlib.sha256(patch.text).hexdigest() for patch in of_windows(pinned)}
    return source_identity(pinned) | {"windows": found}


def of_windows(pinned: Pin) -> tuple[patches.Patch, ...]:
    """Return the patches of a source that only Windows has, in the order in which they apply."""
    folder = files("obelisk").joinpath("data/patches", f"{pinned.name}-windows")
    if not folder.is_dir():
        return ()
    found = sorted(file.name for file in folder.iterdir() if file.name.endswith(".patch"))
    return tuple(
        patches.Patch(name=f"{folder.name}/{name}", text=folder.joinpath(name).read_bytes())
        for name in found
    )


def build_for_windows(
    services: Services,
    pinned: Pin,
    needs: Iterable[Path],
    output: Path,
    work: Callable[[RecipeContext], None],
    *,
    native: Path | None = None,
) -> None:
    """Unpack and patch a source beside a toolchain that has `needs`, and let `work` build it.

    `native` is this machine's libc, for programs that are run while building.
    """
    archive = fetch(pinned, services.cache, services.archives)
    with services.cache.scratch(pinned.name) as root, own_pin_named(pinned):
        chain = write_mingw(services.target, root / "toolchain")
        for folder in needs:
            merge_into_sysroot(folder, chain.root)
        native_chain = None
        if native is not None:
            native_chain = write_toolchain(host.own_target(), root / "native")
            merge_into_sysroot(native, native_chain.root)
        tree = unpack(archive, root / "source")
        for name, reason in patches.apply_all(pinned, tree, output):
            services.console.warn(f"{name} is left out of {pinned.name}: {reason}")
        for patch in of_windows(pinned):
            patch.apply(tree)
        shop = RecipeContext(
            source=pinned,
            chain=chain,
            root=root,
            tree=tree,
            output=output,
            log=root / "log.txt",
            native=native_chain,
            say=services.console.warn,
            pins=services.pins,
        )
        check_version(shop)
        work(shop)
        _keep_license(shop)


def _library(services: Services, recipe: Recipe, native: Path) -> Path:
    pinned = services.pins[recipe.name]

    def make(folder: Path) -> None:
        with services.console.step(f"Building {pinned.name} {pinned.version}"):
            build_for_windows(
                *(services, pinned, (), folder, recipe.build),
                native=native if recipe.runs_programs else None,
            )

    key = windows_library_key(services.target, recipe.name, services.pins)
    return services.cache.obtain("libraries", key, make)


def _runtime(services: Services) -> Path:
    def make(folder: Path) -> None:
        with (
            services.console.step(f"Building {RUNTIME}"),
            services.cache.scratch(RUNTIME) as root,
        ):
            chain = write_mingw(services.target, root / "toolchain")
            build_mingw_runtime(chain, folder, root / "log.txt")

    key = windows_library_key(services.target, RUNTIME, services.pins)
    return services.cache.obtain("libraries", key, make)


def _keep_license(shop: RecipeContext) -> None:
    folder = shop.output / "licenses"
    folder.mkdir(exist_ok=True)
    text = shop.tree / shop.source.license_file
    shutil.copyfile(text, folder / f"LICENSE.{shop.source.name}.txt")
