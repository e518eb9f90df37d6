"""Linking an executable again, of a folder that `--relinkable` wrote."""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import ConfigError
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import link, link_objects
from obelisk.model import SharedObjectFile
from obelisk.payload.content import FileContent
from obelisk.payload.payload import Packed
from obelisk.relink import description
from obelisk.relink.description import Description
from obelisk.runtime.relinkable import relink_runtime
from obelisk.services.atomic import draft_beside, require_replaceable
from obelisk.services.services import Services
from obelisk.verify.verify import require_sound


def relink(folder: Path, found: Description, services: Services, output: Path) -> str:
    """Write the executable to `output`, and return its SHA-256.

    Raises `ConfigError` for a folder that lacks files, `ToolError` and `LinkError` for what does
    not link.
    """
    require_replaceable(output)
    natives = _natives(folder, found)
    with services.cache.scratch("relink") as root:
        runtime = root / "runtime"
        with services.console.step("Linking the runtime"):
            relink_runtime(services, found.target, folder / description.RUNTIME, runtime)
        with services.console.step("Linking the executable"):
            content = runtime.read_bytes()
            linked = link_objects(content, natives, found.target)
            image = link(content, _payload(folder), linked, found.target)
        with draft_beside(output, mode=0o777) as draft:
            with draft.open("wb") as file:
                image.write(file)
            return require_sound(draft)


def _payload(folder: Path) -> Packed:
    path = _there(folder / description.PAYLOAD)
    size = path.stat().st_size
    return Packed(pieces=((0, FileContent(path, size)),), size=size)


def _natives(folder: Path, found: Description) -> SharedObjects:
    return SharedObjects(
        files=[
            SharedObjectFile(
                path=one.path,
                source=_there(folder / description.OBJECTS / one.path),
                base=one.base,
                package=one.package,
            )
            for one in found.objects
        ],
        provided={
            name: SharedObjectFile(
                path=path, source=_there(folder / description.PROVIDED / name), package=None
            )
            for name, path in found.provided
        },
        abi=found.abi,
    )


def _there(path: Path) -> Path:
    if not path.is_file():
        message = f"{path} is missing"
        raise ConfigError(message, hint="put it back, or your own in its place")
    return path
