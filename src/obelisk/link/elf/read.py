"""The files that are linked in: read, judged one by one, and each content taken once."""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Iterable
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.dso import SharedObject, read_object
from obelisk.link.elf.graph import Found
from obelisk.link.elf.machine import Machine
from obelisk.model import SharedObjectFile

_ABI_TAG: Final = re.compile(r"\.(cpython-[^.]+|pypy[^.]+|graalpy[^.]+|abi3t?)\.so$")
_STABLE_ABI: Final = "abi3"


def read_files(files: Iterable[SharedObjectFile], machine: Machine, abi: str) -> list[Found]:
    """Read shared objects; identical files are one object with several names.

    `abi` is the tag of extension modules, such as `cpython-314-x86_64-linux-musl`. Raises
    `LinkError` that lists every file that cannot be linked in, and why.
    """
    objects: dict[bytes, SharedObject] = {}
    names: dict[bytes, list[str]] = {}
    refused: list[LinkError] = []
    for file in sorted(files, key=lambda one: one.path):
        data = memoryview(mapped(file))
        key = hashlib.blake2b(data).digest()
        try:
            _check_abi(file, abi)
            if key not in objects:
                objects[key] = read_object(file.path, file.package, data, machine)
        except LinkError as error:
            refused.append(error)
            continue
        names.setdefault(key, []).append(file.path)
    if refused:
        raise _all_of(refused)
    return [Found(object=one, names=tuple(names[key])) for key, one in objects.items()]


def mapped(file: SharedObjectFile) -> bytes | mmap.mmap:
    """Return the bytes of a file, without reading them."""
    with file.source.open("rb") as stream:
        if stream.seek(0, 2) == 0:
            return b""
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _check_abi(file: SharedObjectFile, abi: str) -> None:
    found = _ABI_TAG.search(file.path)
    if found and found[1] not in (abi, _STABLE_ABI):
        owner = f" of {file.package}" if file.package else ""
        message = f"`{file.path}`{owner}: built for `{found[1]}`, but this executable uses `{abi}`"
        raise LinkError(message)


def _all_of(refused: list[LinkError]) -> LinkError:
    listed = "\n".join(f"  {error}" for error in refused)
    hints = list(dict.fromkeys(error.hint for error in refused if error.hint))
    hint = "`exclude` the files that the application does not need, such as `package/file.so`"
    message = f"cannot link shared objects:\n{listed}"
    return LinkError(message, hint="; or ".join([*hints, hint]))
