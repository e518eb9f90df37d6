"""Fallbacks for machines that lack them: CA certificates and time zones.

The application's own certifi and tzdata come first; what is added is of the versions that Obelisk
depends on, which are pinned since the product's bytes depend on them.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from obelisk import model
from obelisk.collect.read import read_tree
from obelisk.components.locks import Archive, Archives, locked_archives, release_key
from obelisk.config.settings import Settings
from obelisk.model import CERTIFICATES, DataFile, Module, Package

_NAMES: Final = ("certifi", "tzdata")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fallbacks:
    """Modules and files to add, and the packages that they are from."""

    modules: tuple[Module, ...] = ()
    files: tuple[DataFile, ...] = ()
    packages: tuple[Package, ...] = ()


def fallbacks(settings: Settings, modules: Collection[str], site: str) -> list[Fallbacks]:
    """Return what to add to an application that has `modules`; packages go into `site`."""
    found = []
    if settings.bundle_certificates and "ssl" in modules and "certifi" not in modules:
        source = _folder("certifi") / "cacert.pem"
        certificates = DataFile(path=CERTIFICATES, source=source)
        found.append(Fallbacks(files=(certificates,), packages=(_package("certifi"),)))
    if settings.bundle_time_zones and "zoneinfo" in modules and "tzdata" not in modules:
        own, data = read_tree(_folder("tzdata"), base=site, under="tzdata")
        packages = (_package("tzdata"),)
        found.append(Fallbacks(modules=tuple(own), files=tuple(data), packages=packages))
    return found


def _folder(package: str) -> Path:
    return Path(str(files(package)))


def _package(name: str) -> Package:
    found = version(name)
    info = _folder(name).with_name(f"{name}-{found}.dist-info")
    return Package(name=name, version=found, commands=(), info=info)


def archive_of(package: Package) -> Archive | None:
    """Return the wheel of a fallback; None for other packages, and for an unknown version."""
    name = canonicalize_name(package.name)
    if name not in _NAMES or package.info != _package(name).info:
        return None
    found = _wheels().get(release_key(name, package.version))
    return found[0] if found else None


@cache
def _wheels() -> Archives:
    return locked_archives(Path(str(files("obelisk").joinpath("data/fallbacks.toml"))))


def without_fallbacks(inside: model.Collection, modules: Container[str]) -> model.Collection:
    """Remove the fallbacks of `ssl` and `zoneinfo` from a collection that excludes these."""
    gone: set[Path] = set()
    packages: set[str] = set()
    if "ssl" not in modules:
        own = {file.source for file in inside.files if file.path == CERTIFICATES}
        gone |= own
        packages |= {"certifi"} if own else set()
    if "zoneinfo" not in modules:
        folder = _folder("tzdata")
        own = {
            item.source
            for item in (*inside.modules, *inside.files)
            if item.source.is_relative_to(folder)
        }
        gone |= own
        packages |= {"tzdata"} if own else set()
    return replace(
        inside,
        modules=tuple(item for item in inside.modules if item.source not in gone),
        files=tuple(item for item in inside.files if item.source not in gone),
        packages=tuple(package for package in inside.packages if package.name not in packages),
    )
