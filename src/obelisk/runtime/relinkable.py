"""What a runtime is linked of, in a folder of its own, for whoever wants to link it again.

lld itself collects what it reads (`--reproduce`): objects, libraries and its arguments. Their paths
on the machine that built are replaced, so that the folder is the same wherever it was made.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.process import run_logged
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain.clang import write_toolchain

ARGUMENTS: Final = "response.txt"
"""Name of the file of the linker's arguments."""
_VERSION: Final = "version.txt"
_NOT_KEPT: Final = ("-Map", "--Map", "-o ")
"""How arguments begin that name what is written."""


def unpack_inputs(collected: Path, folder: Path, places: Mapping[Path, str]) -> None:
    """Unpack what lld collected into `folder`; `places` are new names of the folders it was in.

    Raises `ToolError` for a file that was in none of them.
    """
    names = {f"{path}/".lstrip("/"): new for path, new in places.items()}
    with tarfile.open(collected) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            stream = archive.extractfile(member)
            if stream is None or name == _VERSION:
                continue
            if name == ARGUMENTS:
                text = _arguments(stream.read().decode(), names)
                (folder / ARGUMENTS).write_text(text, encoding="utf-8")
                continue
            path = folder / _placed(name, names)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stream.read())


def relink_runtime(services: Services, target: Target, folder: Path, output: Path) -> None:
    """Link a runtime of what is in `folder`; raise `ToolError`."""
    with services.cache.scratch("relink") as root:
        chain = write_toolchain(target, root / "toolchain")
        argv: list[str | Path] = [chain.tool("ld.lld"), f"@{ARGUMENTS}", "-o", output.absolute()]
        run_logged(
            argv,
            log=root / "log.txt",
            cwd=folder,
            env=chain.environment(),
            what="linking the runtime",
        )


def _arguments(text: str, names: Mapping[str, str]) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(_NOT_KEPT)]
    for old, new in names.items():
        lines = [line.replace(old, f"{new}/") for line in lines]
    return "".join(f"{line}\n" for line in lines)


def _placed(name: str, names: Mapping[str, str]) -> PurePosixPath:
    for old, new in names.items():
        if name.startswith(old):
            return PurePosixPath(new, name.removeprefix(old))
    message = f"/{name} is linked into the runtime, but is no part of a distribution"
    raise ToolError(message, hint="this is a bug in Obelisk; please report it")
