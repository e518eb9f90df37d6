"""What cannot be linked in, told from an object by itself."""

from __future__ import annotations

import struct
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.dynamic import Dynamic, Tag
from obelisk.link.elf.elf import Elf, Segment, SegmentType
from obelisk.link.elf.machine import Machine
from obelisk.link.elf.memory import Memory, page_end, page_start

_SHARED: Final = 3
"""`e_type` of a shared object."""
LARGEST: Final = 1 << 30
"""Bytes of memory that one object may take; damaged sizes are larger."""
_MOST_VERSIONS: Final = 10_000
_NEED: Final = struct.Struct("<HHIII")
_NEED_NAME: Final = struct.Struct("<IHHII")
_GLIBC_LIBRARIES: Final = frozenset(
    ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")
)
_LIBGCC: Final = "libgcc_s"
_TEXTREL_FLAG: Final = 4


def check_file(elf: Elf, memory: Memory, machine: Machine) -> None:
    """Raise `LinkError` when a file is not a shared object of this machine, or not a safe one."""
    _check_header(elf, machine)
    _check_segments(memory.loads, machine.page)


def check_dynamic(memory: Memory, dynamic: Dynamic) -> None:
    """Raise `LinkError` when an object asks for what is not there or is not done."""
    _check_libc(memory, dynamic)
    _check_dynamic(dynamic)
    _check_functions(memory, dynamic)


def _check_header(elf: Elf, machine: Machine) -> None:
    if elf.header.machine != machine.number:
        message = (
            f"built for another machine (ELF machine {elf.header.machine}), not {machine.name}"
        )
        raise LinkError(message)
    if elf.header.type != _SHARED or any(s.type == SegmentType.INTERP for s in elf.segments):
        message = "not a shared object"
        raise LinkError(message)


def _check_segments(loads: tuple[Segment, ...], page: int) -> None:
    if not loads or loads[0].address != 0 or loads[0].offset != 0:
        message = "its first segment does not start at address 0"
        raise LinkError(message)
    end = 0
    for one in loads:
        if one.writable and one.executable:
            message = "has a writable and executable segment"
            raise LinkError(message)
        if page_start(one.address, page) < end or one.file_size > one.memory_size:
            message = "its segments overlap"
            raise LinkError(message)
        end = page_end(one.address + one.memory_size, page)
    if end > LARGEST:
        message = f"too large: {end >> 20} MiB of memory"
        raise LinkError(message)


def _check_libc(memory: Memory, dynamic: Dynamic) -> None:
    sign = next(
        (one for one in dynamic.needed if one in _GLIBC_LIBRARIES or one.startswith("ld-linux")),
        None,
    ) or _glibc_version(memory, dynamic)
    if sign is not None:
        message = f"built for glibc (needs {sign}), not for musl"
        raise LinkError(message)


def _glibc_version(memory: Memory, dynamic: Dynamic) -> str | None:
    """Return a version of glibc's symbols that the object asks for; not all name the library."""
    address, looked_at = dynamic.get(Tag.VERNEED), 0
    for _ in range(min(dynamic.get(Tag.VERNEEDNUM), _MOST_VERSIONS)):
        _, count, file, names_at, following = _NEED.unpack(memory.at(address, _NEED.size))
        place = address + names_at
        for _ in range(count):
            *_, name, step = _NEED_NAME.unpack(memory.at(place, _NEED_NAME.size))
            text = dynamic.text(name)
            # libgcc of AArch64 gives `__register_frame_info` a version of this name, on musl too.
            if text.startswith("GLIBC_") and not dynamic.text(file).startswith(_LIBGCC):
                return text
            place += step
            looked_at += 1
            if looked_at > _MOST_VERSIONS:
                message = "unterminated version table"
                raise LinkError(message)
        address += following
    return None


def _check_dynamic(dynamic: Dynamic) -> None:
    if Tag.TEXTREL in dynamic.tags or dynamic.get(Tag.FLAGS) & _TEXTREL_FLAG:
        message = "has text relocations, which require writable code"
        raise LinkError(message, hint="build it with `-fPIC`")
    if Tag.REL in dynamic.tags or dynamic.tags.get(Tag.PLTREL, Tag.RELA) != Tag.RELA:
        message = "has relocations without addends, which this machine does not use"
        raise LinkError(message)
    if Tag.GNU_HASH not in dynamic.tags:
        message = "no GNU hash table"
        raise LinkError(message, hint="link it with `--hash-style=gnu` or `--hash-style=both`")


def _check_functions(memory: Memory, dynamic: Dynamic) -> None:
    """Refuse constructors and destructors that are not where they could be called."""
    for start, size in (
        (Tag.INIT_ARRAY, Tag.INIT_ARRAYSZ),
        (Tag.FINI_ARRAY, Tag.FINI_ARRAYSZ),
    ):
        memory.at(dynamic.get(start), dynamic.get(size))
    for tag in (Tag.INIT, Tag.FINI):
        place = dynamic.get(tag)
        if place and not any(
            one.executable and one.address <= place < one.address + one.file_size
            for one in memory.loads
        ):
            message = "constructor or destructor outside its code"
            raise LinkError(message)
