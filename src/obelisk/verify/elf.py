"""An executable file: its headers, what they promise, and where the payload is."""

from __future__ import annotations

import io
import mmap
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from obelisk.errors import VerifyError
from obelisk.services.disk import limit_of
from obelisk.services.regular import kind_of
from obelisk.verify.finding import Finding
from obelisk.verify.hardening import header_findings
from obelisk.verify.headers import OBJECTS, PAYLOAD, SNAPSHOT, Headers, Segment, read_headers
from obelisk.verify.memory import Memory
from obelisk.verify.objects import check_objects, object_sizes, objects_range, objects_size
from obelisk.verify.promise import Promise
from obelisk.verify.snapshot import snapshot_findings


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
    objects_segments: tuple[Segment, ...]
    """What is loaded of them."""
    headers: Headers
    memory: Memory
    snapshot: memoryview
    """The part that it starts from; empty if there is none."""


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
    """Read an executable; raise `VerifyError` for malformed headers, or what is truncated."""
    headers = read_headers(data)
    found = headers.of(PAYLOAD)
    if len(found) != 1:
        message = "no payload segment"
        raise VerifyError(message)
    outside = headers.outside()
    if outside:
        message = f"file truncated: {outside[0]}"
        raise VerifyError(message)
    return _read(data, headers, found[0])


def findings_of(data: mmap.mmap) -> tuple[Finding, ...]:
    """Return what only the headers tell, of a file with parts that cannot be read.

    Raises `VerifyError` for malformed headers.
    """
    headers = read_headers(data)
    return tuple(header_findings(headers, Memory(data, headers.loads)))


def _read(data: mmap.mmap, headers: Headers, payload: Segment) -> Executable:
    memory = Memory(data, headers.loads)
    tables = [_objects(memory, table) for table in headers.of(OBJECTS)]
    spans = [table.addresses for table in tables]
    loaded = [one for one in headers.loads if any(one.address in span for span in spans)]
    return Executable(
        findings=(
            *header_findings(headers, memory),
            *(table.finding for table in tables),
            *snapshot_findings(memoryview(data)[_span(headers.of(SNAPSHOT))], len(data)),
        ),
        payload=memoryview(data)[payload.offset : payload.file_end],
        payload_offset=payload.offset,
        size=len(data),
        objects_size=sum(table.size for table in tables),
        objects=tuple(one for table in tables for one in table.objects),
        objects_segments=tuple(loaded),
        headers=headers,
        memory=memory,
        snapshot=memoryview(data)[_span(headers.of(SNAPSHOT))],
    )


def _span(segments: list[Segment]) -> slice:
    """Return where the bytes of the first of some segments are in the file."""
    return slice(segments[0].offset, segments[0].file_end) if segments else slice(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Objects:
    """What was read of a table of shared objects."""

    finding: Finding
    addresses: range = range(0)
    size: int = 0
    objects: Sequence[tuple[str, int]] = ()


def _objects(memory: Memory, table: Segment) -> _Objects:
    try:
        finding = check_objects(memory, table.address, table.file_size)
        return _Objects(
            finding=finding,
            addresses=objects_range(memory, table.address),
            size=objects_size(memory, table.address),
            objects=object_sizes(memory, table.address) if finding.sound else (),
        )
    except VerifyError as error:
        return _Objects(finding=Finding(promise=Promise.OBJECTS, sound=False, detail=str(error)))


def unreadable(error: VerifyError) -> Finding:
    """Return the finding of a file whose headers cannot be read."""
    return Finding(promise=Promise.HEADERS, sound=False, detail=str(error))
