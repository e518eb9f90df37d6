"""What an ELF executable must be: static, position-independent and hardened.

Read with pyelftools and not with the views that `link` writes by, so that a mistake there shows.
"""

from __future__ import annotations

import io
import mmap
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile

from obelisk.errors import VerifyError
from obelisk.services.disk import limit_of
from obelisk.services.regular import kind_of
from obelisk.target import TARGETS
from obelisk.verify.finding import Finding, listed
from obelisk.verify.memory import Memory
from obelisk.verify.objects import check_objects, object_sizes, objects_size

_DAMAGE: Final = (
    *(ELFError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RecursionError, TypeError, ValueError, struct.error),
)
"""What pyelftools raises for malformed tables."""
PAYLOAD_SEGMENT: Final = 0x6F626C6B
OBJECTS_SEGMENT: Final = 0x6F626C6D


@dataclass(frozen=True, kw_only=True, slots=True)
class Executable:
    """What was read of an executable file."""

    findings: tuple[Finding, ...]
    payload: memoryview
    payload_offset: int
    """Where that begins in the file."""
    size: int
    """Bytes of the file."""
    objects_size: int
    """Bytes of linked shared objects in it."""
    objects: tuple[tuple[str, int], ...]
    """The name of each of them, and its bytes in the file; empty if they are corrupt."""


def map_file(path: Path) -> mmap.mmap:
    """Map a file into memory, because executables may be large.

    Raises `VerifyError` for anything but a regular file, without opening it.
    """
    try:
        _require_regular(path, path.stat().st_mode)
        # It may have become a pipe since, which must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _require_regular(path, os.fstat(descriptor).st_mode)
            if file.seek(0, io.SEEK_END) == 0:
                return mmap.mmap(-1, 1)  # it cannot map nothing
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot read {path}: {reason}"
        refused = limit_of(error) if isinstance(error, OSError) else None
        raise refused or VerifyError(message) from error


def _require_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        message = f"cannot read {path}: it is {kind_of(mode)}"
        raise VerifyError(message, hint="pass an executable built by Obelisk")


def read_executable(data: mmap.mmap) -> Executable:
    """Read an executable; raise `VerifyError` for malformed headers."""
    try:
        return _read(data)
    except _DAMAGE as error:
        message = f"malformed ELF headers: {str(error) or type(error).__name__}"
        raise VerifyError(message) from error


def _read(data: mmap.mmap) -> Executable:
    # It reads, seeks and tells as a file does.
    elf = ELFFile(data)  # type: ignore[arg-type]
    segments = [segment.header for segment in elf.iter_segments()]
    ours = [segment for segment in segments if segment["p_type"] == PAYLOAD_SEGMENT]
    if len(ours) != 1:
        message = "no payload segment"
        raise VerifyError(message)
    end = max(segment["p_offset"] + segment["p_filesz"] for segment in segments)
    if end > len(data):
        message = f"file truncated: {len(data)} bytes, expected at least {end}"
        raise VerifyError(message)
    start, size = ours[0]["p_offset"], ours[0]["p_filesz"]
    findings = _findings(elf, segments, ours[0])
    memory = Memory(data, [one for one in segments if one["p_type"] == "PT_LOAD"])
    tables = [segment for segment in segments if segment["p_type"] == OBJECTS_SEGMENT]
    objects: list[tuple[str, int]] = []
    for table in tables:
        finding = check_objects(memory, table["p_vaddr"], table["p_filesz"])
        findings.append(finding)
        objects += object_sizes(memory, table["p_vaddr"]) if finding.sound else []
    return Executable(
        findings=tuple(findings),
        payload=memoryview(data)[start : start + size],
        payload_offset=start,
        size=len(data),
        objects_size=sum(objects_size(memory, table["p_vaddr"]) for table in tables),
        objects=tuple(objects),
    )


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
    machine, kind = str(elf.header["e_machine"]), str(elf.header["e_type"])
    mixed = [segment["p_type"] for segment in segments if segment["p_flags"] & both == both]
    known = machine in {target.elf_machine for target in TARGETS.values()}
    return [
        _finding("machine", known, machine, f"unknown machine {machine}"),
        _finding("file type", kind == "ET_DYN", kind, f"not position-independent: {kind}"),
        _finding("interpreter", "PT_INTERP" not in types, "none", "has a PT_INTERP"),
        _finding("shared libraries", not needed, "none", f"needs {listed(needed)}"),
        _finding("RELRO", "PT_GNU_RELRO" in types, "present", "no PT_GNU_RELRO"),
        _finding(
            "stack",
            len(stack) == 1 and not stack[0]["p_flags"] & P_FLAGS.PF_X,
            "non-executable",
            "executable, or no PT_GNU_STACK",
        ),
        Finding(
            what="control-flow protection",
            sound=True,
            detail="marked" if "PT_GNU_PROPERTY" in types else "not marked",
        ),
        _finding(
            "permissions",
            not mixed,
            "no segment is writable and executable",
            f"writable and executable: {listed(mixed)}",
        ),
        _finding(
            "segments",
            addresses == sorted(addresses),
            f"{len(loads)} loaded",
            "not sorted by address",
        ),
        _finding(
            "payload segment",
            any(
                load["p_offset"] <= payload["p_offset"]
                and payload["p_offset"] + payload["p_filesz"] <= load["p_offset"] + load["p_filesz"]
                and load["p_flags"] == P_FLAGS.PF_R
                for load in loads
            ),
            "mapped read-only",
            "not mapped read-only",
        ),
    ]


def _finding(what: str, sound: bool, fact: str, fault: str) -> Finding:
    return Finding(what=what, sound=sound, detail=fact if sound else fault)
