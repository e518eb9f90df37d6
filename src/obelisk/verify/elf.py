"""What an ELF executable must be: static, position-independent, hardened.

Read with pyelftools and not with the views that `link` writes by, so that a mistake there shows.
"""

from __future__ import annotations

import io
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile

from obelisk.disk import limit_of
from obelisk.errors import VerifyError
from obelisk.target import TARGETS
from obelisk.verify.finding import Finding
from obelisk.verify.objects import Reader, check_objects, objects_size

_DAMAGE: Final = (
    *(ELFError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RecursionError, TypeError, ValueError, struct.error),
)
"""What pyelftools raises at tables that make no sense."""
PAYLOAD_SEGMENT: Final = 0x6F626C6B
OBJECTS_SEGMENT: Final = 0x6F626C6D


@dataclass(frozen=True, kw_only=True, slots=True)
class Executable:
    """What was read of an executable file."""

    findings: tuple[Finding, ...]
    payload: memoryview
    size: int
    """Bytes of the file."""
    objects_size: int
    """Bytes of linked shared objects in it."""


def read_executable(path: Path) -> Executable:
    """Read an executable; raise `VerifyError` when it is not one that Obelisk made."""
    try:
        data = _mapped(path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise limit_of(error) or VerifyError(message) from error
    try:
        return _read(data)
    except _DAMAGE as error:
        message = f"{path} is not an executable that Obelisk made: {str(error) or 'tables'}"
        raise VerifyError(message) from error
    except VerifyError as error:
        message = f"{path} is not an executable that Obelisk made: {error}"
        raise VerifyError(message) from error


def _mapped(path: Path) -> mmap.mmap:
    """Map a file into memory: executables may be larger than one wants to hold there."""
    with path.open("rb") as file:
        if file.seek(0, io.SEEK_END) == 0:
            return mmap.mmap(-1, 1)  # it cannot map nothing
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _read(data: mmap.mmap) -> Executable:
    # It reads, seeks and tells as a file does.
    elf = ELFFile(data)  # type: ignore[arg-type]
    segments = [segment.header for segment in elf.iter_segments()]
    ours = [segment for segment in segments if segment["p_type"] == PAYLOAD_SEGMENT]
    if len(ours) != 1:
        message = "it has no payload"
        raise VerifyError(message)
    start, size = ours[0]["p_offset"], ours[0]["p_filesz"]
    if start + size > len(data):
        message = "it is cut short"
        raise VerifyError(message)
    findings = _findings(elf, segments, ours[0])
    read = _reader(data, segments)
    tables = [segment for segment in segments if segment["p_type"] == OBJECTS_SEGMENT]
    for table in tables:
        findings += check_objects(read, table["p_vaddr"], table["p_filesz"])
    return Executable(
        findings=tuple(findings),
        payload=memoryview(data)[start : start + size],
        size=len(data),
        objects_size=sum(objects_size(read, table["p_vaddr"]) for table in tables),
    )


def _reader(data: mmap.mmap, segments: list[Any]) -> Reader:
    loads = [segment for segment in segments if segment["p_type"] == "PT_LOAD"]

    def read(address: int, size: int) -> memoryview:
        for load in loads:
            place = address - load["p_vaddr"]
            if place >= 0 and place + size <= load["p_filesz"]:
                start = load["p_offset"] + place
                return memoryview(data)[start : start + size]
        message = f"it refers to {size} bytes at {address:#x}, which are not there"
        raise VerifyError(message)

    return read


def _findings(elf: ELFFile, segments: list[Any], payload: Any) -> list[Finding]:
    types = [segment["p_type"] for segment in segments]
    loads = [segment for segment in segments if segment["p_type"] == "PT_LOAD"]
    both = P_FLAGS.PF_W | P_FLAGS.PF_X
    needed = [
        tag.needed
        for segment in elf.iter_segments("PT_DYNAMIC")
        for tag in segment.iter_tags()  # type: ignore[attr-defined]
        if tag.entry.d_tag == "DT_NEEDED"
    ]
    stack = [segment for segment in segments if segment["p_type"] == "PT_GNU_STACK"]
    addresses = [segment["p_vaddr"] for segment in loads]
    machine = elf.header["e_machine"]
    return [
        _finding("machine", machine in {t.elf_machine for t in TARGETS.values()}, str(machine)),
        _finding("position-independent", elf.header["e_type"] == "ET_DYN", elf.header["e_type"]),
        _finding("no interpreter", "PT_INTERP" not in types, "no PT_INTERP"),
        _finding("no needed library", not needed, ", ".join(needed) or "no DT_NEEDED"),
        _finding("relocations become read-only", "PT_GNU_RELRO" in types, "PT_GNU_RELRO"),
        _finding(
            "stack not executable",
            len(stack) == 1 and not stack[0]["p_flags"] & P_FLAGS.PF_X,
            "PT_GNU_STACK",
        ),
        _finding(
            "nothing writable and executable",
            not any(segment["p_flags"] & both == both for segment in segments),
            f"{len(loads)} loaded segments",
        ),
        _finding("segments in order", addresses == sorted(addresses), "by address"),
        _finding(
            "payload mapped",
            any(
                load["p_offset"] <= payload["p_offset"]
                and payload["p_offset"] + payload["p_filesz"] <= load["p_offset"] + load["p_filesz"]
                and load["p_flags"] == P_FLAGS.PF_R
                for load in loads
            ),
            "read-only",
        ),
    ]


def _finding(what: str, sound: bool, detail: str) -> Finding:
    return Finding(what=what, sound=sound, detail=detail)
