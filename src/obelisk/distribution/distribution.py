"""A distribution as one value, obtained once and handed on; where it is missing, it is built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.distribution import archive, assemble, layout, python_json
from obelisk.distribution.archive import Description, read_description
from obelisk.distribution.systems import making_of
from obelisk.distribution.versions import major_minor
from obelisk.errors import ToolError
from obelisk.recipes import profiles, recipes_of
from obelisk.recipes.build import library_key, source_identity
from obelisk.services import host
from obelisk.services.cache import content_key, hash_code
from obelisk.services.pins import Pin, Pins
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain.tools import tools_identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A CPython for one target, unpacked: relinkable objects, the standard library, licences."""

    target: Target
    source: Pin
    """The pinned CPython."""
    key: str
    """Its cache key: whatever is made of it and of nothing else may be cached by this."""
    folder: Path
    """The folder `python` of the archive's layout."""
    archive: Path
    description: Description
    """What PYTHON.json says."""
    native: Distribution | None
    """This machine's own of the same version; None where programs of this one run here."""

    @property
    def host(self) -> Distribution:
        """The one whose Python runs on this machine: itself, or this machine's own."""
        return self.native or self

    @property
    def host_python(self) -> Path:
        """An interpreter of the same version that runs on this machine: it compiles bytecode."""
        return self.host.folder / self.host.description.python_exe

    @property
    def version(self) -> str:
        """The language's version, such as `3.14`."""
        return major_minor(self.source.version)

    @property
    def abi(self) -> str:
        """What names of its extension modules end with before `.so`."""
        return self.target.abi(self.source.version)

    @property
    def stdlib(self) -> Path:
        """The standard library's folder."""
        return self.folder / self.description.stdlib

    @property
    def include(self) -> Path:
        """The folder of Python.h."""
        if self.target.scheme == "nt":
            return self.folder / "install/Include"
        return self.folder / "install/include" / self.stdlib.name

    @property
    def config(self) -> Path:
        """The folder of config.c and Setup, by which CPython's built-in modules are known."""
        if self.target.scheme == "nt":
            return self.folder / "build/config"
        return self.stdlib / f"config-{self.version}-{self.target.platform_triplet}"

    @property
    def sysroot(self) -> Path:
        """Folders `include`, `lib` and `resource` of all its libraries, and CPython's objects."""
        return self.folder / "build"

    @property
    def loader(self) -> Path | None:
        """Libc as a shared object, which also loads programs; None where the system has its own."""
        path = self.sysroot / "lib/libc.so"
        return path if path.is_file() else None

    @property
    def static_library(self) -> Path:
        """Libpython as an archive; raises `ToolError` if it has none."""
        if self.description.static_library is None:
            message = f"no static libpython in the distribution {self.folder}"
            raise ToolError(message)
        return self.folder / self.description.static_library

    @property
    def bundled_archives(self) -> list[Path]:
        """Static libraries of CPython's own tree (expat, mpdecimal, HACL*)."""
        return sorted((self.folder / "build/Modules").rglob("*.a"))


def distribution_key(target: Target, pinned: Pin, pins: Pins) -> str:
    """Return the cache key of a distribution: all that can change its bytes."""
    is_cross = not host.runs(target)
    return content_key(
        {
            "host": distribution_key(host.own_target(), pinned, pins) if is_cross else None,
            "source": source_identity(pinned, target),
            "profile": profiles.profile_identity(pinned.name, target),
            "code": [
                hash_code(archive, assemble, layout, profiles, python_json),
                hash_code(*making_of(target).code),
            ],
            "toolchain": tools_identity(target),
            "libraries": {name: library_key(target, name, pins) for name in recipes_of(target)},
        }
    )


def obtain_distribution(services: Services, pinned: Pin) -> Distribution:
    """Return the distribution; build what is missing. Raises `SourceError` or `ToolError`.

    For a target whose programs do not run here, this machine's own comes first.
    """
    target, own = services.target, None
    if not host.runs(target):
        own = obtain_distribution(replace(services, target=host.own_target()), pinned)
    making, host_python = making_of(target), own.host_python if own else None
    key = distribution_key(target, pinned, services.pins)

    def make(folder: Path) -> None:
        assemble.assemble(services, pinned, folder, making, host_python)

    entry = services.cache.obtain("distributions", key, make)
    return Distribution(
        target=target,
        source=pinned,
        key=key,
        folder=entry / "python",
        archive=entry / assemble.archive_name(target, pinned, making),
        description=read_description(entry / "python"),
        native=own,
    )
