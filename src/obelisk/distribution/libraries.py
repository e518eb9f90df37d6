"""Building the libraries: every recipe in the order of its needs, each one cached by itself."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from obelisk.cache import Cache, content_key
from obelisk.catalog import Source, source
from obelisk.console import Console
from obelisk.distribution import patches, workshop
from obelisk.distribution.recipes import EXTRA_RECIPES, RECIPES, Recipe
from obelisk.distribution.workshop import Workshop
from obelisk.fetch import fetch, unpack
from obelisk.process import working_together
from obelisk.target import Target
from obelisk.toolchain import toolchain_identity, write_toolchain

_AT_ONCE: Final = 2
"""Recipes built side by side: while one configures, which uses one processor, another compiles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where building happens: the services that every step needs."""

    cache: Cache
    console: Console
    target: Target
    sources: Path | None
    """A folder of archives to use in place of the network."""


def build_libraries(site: Site) -> dict[str, Path]:
    """Build what is not cached and return the folder of each library by its name."""
    graph = TopologicalSorter({recipe.name: recipe.needs for recipe in RECIPES.values()})
    graph.prepare()
    made: dict[str, Path] = {}
    running: dict[Future[Path], str] = {}
    with working_together(_AT_ONCE) as pool:
        while graph.is_active():
            for name in sorted(graph.get_ready(), key=list(RECIPES).index):
                running[pool.submit(_build_library, site, RECIPES[name], dict(made))] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                made[name] = future.result()
                graph.done(name)
    return made


def build_extra(site: Site, name: str, made: dict[str, Path]) -> Path:
    """Return the folder of a library that no distribution has; `made` are what it may need."""
    recipe = EXTRA_RECIPES[name]
    more = {one: build_extra(site, one, made) for one in recipe.needs if one not in made}
    return _build_library(site, recipe, made | more)


def library_key(target: Target, name: str) -> str:
    """Return the cache key of a library: all that can change its bytes."""
    recipe = RECIPES.get(name) or EXTRA_RECIPES[name]
    return content_key(
        {
            "source": source_identity(source(name)),
            "recipe": inspect.getsource(inspect.getmodule(recipe.build)),  # type: ignore[arg-type]
            "workshop": [
                inspect.getsource(module) for module in (workshop, patches, sys.modules[__name__])
            ],
            "toolchain": toolchain_identity(target),
            "needs": [library_key(target, need) for need in recipe.needs],
        }
    )


def source_identity(pinned: Source) -> dict[str, object]:
    """Return what names a source's bytes, for cache keys: any of its origins will do."""
    return {
        "name": pinned.name,
        "version": pinned.version,
        "sha256": pinned.origins[0].sha256,
        "patches": {
            patch.name: hashlib.sha256(patch.text).hexdigest() for patch in patches.patches(pinned)
        },
    }


def in_workshop(
    site: Site,
    pinned: Source,
    needs: Iterable[Path],
    output: Path,
    work: Callable[[Workshop], None],
) -> None:
    """Unpack and patch a source beside a toolchain that has `needs`, and let `work` build it."""
    archive = fetch(pinned, site.cache, site.sources)
    with site.cache.workshop(pinned.name) as root:
        chain = write_toolchain(site.target, root / "toolchain")
        for folder in needs:
            merge_into_sysroot(folder, chain.root)
        tree = unpack(archive, root / "source")
        for patch in patches.patches(pinned):
            patch.apply(tree)
        shop = Workshop(
            source=pinned,
            chain=chain,
            root=root,
            tree=tree,
            output=output,
            log=root / "log.txt",
            say=site.console.warn,
        )
        work(shop)
        _keep_license(shop)


def merge_into_sysroot(library: Path, chain_root: Path) -> None:
    """Add a library's headers and archives to a toolchain."""
    for name, place in (
        ("include", chain_root / "sysroot/include"),
        ("lib", chain_root / "sysroot/lib"),
        ("resource", chain_root / "resource"),
    ):
        if (library / name).is_dir():
            shutil.copytree(library / name, place, copy_function=_link_or_copy, dirs_exist_ok=True)


def _build_library(site: Site, recipe: Recipe, made: dict[str, Path]) -> Path:
    pinned = source(recipe.name)

    def make(folder: Path) -> None:
        with site.console.step(f"Building {pinned.name} {pinned.version}"):
            needs = [made[name] for name in recipe.needs]
            in_workshop(site, pinned, needs, folder, recipe.build)

    return site.cache.obtain("libraries", library_key(site.target, recipe.name), make)


def _keep_license(shop: Workshop) -> None:
    folder = shop.output / "licenses"
    folder.mkdir(exist_ok=True)
    text = shop.tree / shop.source.license_file
    shutil.copyfile(text, folder / f"LICENSE.{shop.source.name}.txt")


def _link_or_copy(source: str, place: str) -> None:
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
