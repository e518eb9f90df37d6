"""Linking an executable again, of a folder that `--relinkable` wrote."""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import ConfigError
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import link, link_objects
from obelisk.model import SharedObjectFile
from obelisk.payload.content import FileContent
from obelisk.payload.payload import Packed
from obelisk.payload.reader import read_payload
from obelisk.relink import description
from obelisk.relink.changed import read_changes, with_changes
from obelisk.relink.description import Description
from obelisk.report.contents import manifest_of
from obelisk.runtime.relinkable import relink_runtime
from obelisk.services.atomic import draft_beside, require_replaceable
from obelisk.services.services import Services
from obelisk.verify.verify import require_sound


def relink(
    folder: Path,
    found: Description,
    services: Services,
    output: Path,
    python: Path | None = None,
) -> str:
    """Write the executable to `output`, and return its SHA-256; `python` compiles changed modules.

    Raises `ConfigError` for a folder that lacks files, `ToolError` and `LinkError` for what does
    not link.
    """
    require_replaceable(output)
    natives = _natives(folder, found)
    payload = _payload(folder, found, python)
    with services.cache.scratch("relink") as root:
        runtime = root / "runtime"
        with services.console.step("Linking the runtime"):
            relink_runtime(services, found.target, folder / description.RUNTIME, runtime)
        with services.console.step("Linking the executable"):
            content = runtime.read_bytes()
            linked = link_objects(content, natives, found.target)
            image = link(content, payload, linked, found.target)
        with draft_beside(output, mode=0o777) as draft:
            with draft.open("wb") as file:
                image.write(file)
            return require_sound(draft)


def _payload(folder: Path, found: Description, python: Path | None) -> Packed:
    path = _there(folder / description.PAYLOAD)
    changed = folder / description.CHANGED
    if not changed.is_dir() or not any(one.is_file() for one in changed.rglob("*")):
        size = path.stat().st_size
        return Packed(pieces=((0, FileContent(path, size)),), size=size)
    for one in found.objects:
        if (changed / one.path).exists():
            message = f"{changed / one.path} is a shared object"
            raise ConfigError(message, hint=f"put it into {folder / description.OBJECTS}")
    payload = read_payload(memoryview(path.read_bytes()))
    changes = read_changes(changed, manifest_of(payload, path), python)
    return with_changes(payload, changes, epoch=found.epoch, page=found.target.page_size)


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
