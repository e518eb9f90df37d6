"""Building the libraries: every recipe in the order of its needs, each one cached by itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from obelisk.recipes import EXTRA_RECIPES, Recipe, context, patches, recipes_of
from obelisk.recipes.context import RecipeContext
from obelisk.recipes.own import check_version, own_pin_named
from obelisk.services import host
from obelisk.services.cache import content_key, hash_code
from obelisk.services.fetch import fetch, unpack
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import working_together
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain.clang import Toolchain, write_toolchain, zig_folder
from obelisk.toolchain.tools import tools_identity, write_tools

_LIBC: Final = "musl"
_AT_ONCE: Final = 2
"""Recipes built side by side: while one configures, which uses one processor, another compiles."""


def build_libraries(services: Services) -> dict[str, Path]:
    """Build what is not cached and return the folder of each library by its name."""
    return _build_all(services, recipes_of(services.target))


def build_library(services: Services, name: str) -> Path:
    """Return the folder of one library; build it, and what it needs, when they are not cached."""
    recipes = recipes_of(services.target)
    wanted = [name]
    for one in wanted:
        wanted += recipes[one].needs
    return _build_all(services, {one: recipes[one] for one in wanted})[name]


def _build_all(services: Services, recipes: Mapping[str, Recipe]) -> dict[str, Path]:
    graph = TopologicalSorter({recipe.name: recipe.needs for recipe in recipes.values()})
    graph.prepare()
    made: dict[str, Path] = {}
    running: dict[Future[Path], str] = {}
    with working_together(_AT_ONCE) as pool:
        while graph.is_active():
            for name in sorted(graph.get_ready(), key=list(recipes).index):
                running[pool.submit(_build, services, recipes[name], dict(made))] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                made[name] = future.result()
                graph.done(name)
    return made


def build_extra(services: Services, name: str, made: dict[str, Path]) -> Path:
    """Return the folder of a library that no distribution has; `made` are what it may need."""
    recipe = EXTRA_RECIPES[name]
    more = {one: build_extra(services, one, made) for one in recipe.needs if one not in made}
    return _build(services, recipe, made | more)


def library_key(target: Target, name: str, pins: Pins) -> str:
    """Return the cache key of a library: all that can change its bytes."""
    recipe = recipes_of(target).get(name) or EXTRA_RECIPES[name]
    is_cross = recipe.runs_programs and not host.runs(target)
    return content_key(
        {
            "native": library_key(host.own_target(), _LIBC, pins) if is_cross else None,
            "source": source_identity(recipe.source_of(pins), target),
            "code": hash_code(
                *(sys.modules[recipe.build.__module__], context, patches, sys.modules[__name__]),
                *recipe.code,
            ),
            "provides": [recipe.provides, recipe.shared],
            "toolchain": tools_identity(target),
            "needs": [library_key(target, need, pins) for need in recipe.needs],
        }
    )


def source_identity(pinned: Pin, target: Target) -> dict[str, object]:
    """Return what names a source's bytes, for cache keys, whoever pinned it."""
    return {
        "name": pinned.name,
        "version": pinned.version,
        "sha256": pinned.sha256,
        "license": [pinned.license, pinned.license_file],
        "patches": {
            patch.name: hashlib.sha256(patch.text).hexdigest()
            for patch in (*patches.patches(pinned), *patches.of_system(pinned, target))
        },
    }


def build_from_source(
    services: Services,
    pinned: Pin,
    needs: Iterable[Path],
    output: Path,
    work: Callable[[RecipeContext], None],
    *,
    runs_programs: bool = False,
) -> None:
    """Unpack and patch a source beside a toolchain that has `needs`, and let `work` build it.

    With `runs_programs` there are tools for programs that are run while building, too.
    """
    is_cross = runs_programs and not host.runs(services.target)
    native_libc = _native_libc(services) if is_cross else None
    with services.cache.scratch(pinned.name) as root, own_pin_named(pinned):
        chain = write_tools(services.target, root / "toolchain")
        for folder in needs:
            merge_into_sysroot(folder, chain.root)
        tree = _unpacked(services, pinned, root / "source")
        for name, reason in patches.apply_all(pinned, tree, output):
            services.console.warn(
                f"{name} is left out of {pinned.name} {pinned.version}: {reason}; it only makes "
                "programs faster"
            )
        for patch in patches.of_system(pinned, services.target):
            patch.apply(tree)
        shop = RecipeContext(
            source=pinned,
            chain=chain,
            root=root,
            tree=tree,
            output=output,
            log=root / "log.txt",
            native=_native_chain(native_libc, root) if native_libc else None,
            say=services.console.warn,
            pins=services.pins,
        )
        check_version(shop)
        work(shop)
        _keep_license(shop)


def _unpacked(services: Services, pinned: Pin, folder: Path) -> Path:
    if not pinned.origins:
        return zig_folder()  # it comes with the compiler, and is not changed
    return unpack(fetch(pinned, services.cache, services.archives), folder)


def _native_libc(services: Services) -> Path:
    return build_library(replace(services, target=host.own_target()), _LIBC)


def _native_chain(libc: Path, root: Path) -> Toolchain:
    chain = write_toolchain(host.own_target(), root / "native")
    merge_into_sysroot(libc, chain.root)
    return chain


def merge_into_sysroot(library: Path, chain_root: Path) -> None:
    """Add a library's headers and archives to a toolchain."""
    for name, place in (
        ("include", chain_root / "sysroot/include"),
        ("lib", chain_root / "sysroot/lib"),
        ("resource", chain_root / "resource"),
    ):
        if (library / name).is_dir():
            shutil.copytree(library / name, place, copy_function=_link_or_copy, dirs_exist_ok=True)


def _build(services: Services, recipe: Recipe, made: dict[str, Path]) -> Path:
    pinned = recipe.source_of(services.pins)

    def make(folder: Path) -> None:
        with services.console.step(f"Building {pinned.name} {pinned.version}"):
            needs = [made[name] for name in recipe.needs]
            build_from_source(
                services, pinned, needs, folder, recipe.build, runs_programs=recipe.runs_programs
            )

    key = library_key(services.target, recipe.name, services.pins)
    return services.cache.obtain("libraries", key, make)


def _keep_license(shop: RecipeContext) -> None:
    folder = shop.output / "licenses"
    folder.mkdir(exist_ok=True)
    text = shop.tree / shop.source.license_file
    shutil.copyfile(text, folder / f"LICENSE.{shop.source.name}.txt")


def _link_or_copy(source: str, place: str) -> None:
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
