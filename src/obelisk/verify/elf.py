"""An ELF executable: its headers, what they promise, and where the payload is."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass

from obelisk.errors import VerifyError
from obelisk.verify.canary import canary_finding
from obelisk.verify.executable import Executable
from obelisk.verify.finding import Finding
from obelisk.verify.hardening import header_findings
from obelisk.verify.headers import OBJECTS, PAYLOAD, SNAPSHOT, Headers, Segment, read_headers
from obelisk.verify.memory import Memory
from obelisk.verify.objects import check_objects, object_sizes, objects_range, objects_size
from obelisk.verify.promise import Promise
from obelisk.verify.snapshot import snapshot_findings


def read_elf(data: mmap.mmap) -> Executable:
    """Read an ELF executable; raise `VerifyError` for malformed headers, or what is truncated."""
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


def elf_findings(data: mmap.mmap) -> tuple[Finding, ...]:
    """Return what only the headers tell, of a file with parts that cannot be read.

    Raises `VerifyError` for malformed headers.
    """
    headers = read_headers(data)
    return tuple(header_findings(headers, Memory(data, headers.loads)))


def _read(data: mmap.mmap, headers: Headers, payload: Segment) -> Executable:
    memory = Memory(data, headers.loads)
    tables = [_objects(memory, table) for table in headers.of(OBJECTS)]
    spans = [table.addresses for table in tables]
    of_objects = [one for one in headers.loads if any(one.address in span for span in spans)]
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
        objects_spans=tuple((one.offset, one.file_end) for one in of_objects),
        check_code=lambda: (canary_finding(headers, memory, of_objects),),
        snapshot=memoryview(data)[_span(headers.of(SNAPSHOT))],
    )


def elf_payload(data: mmap.mmap) -> memoryview | None:
    """Return the payload of an ELF executable, None if it has none; raise as `read_elf` does."""
    found = read_headers(data).of(PAYLOAD)
    return memoryview(data)[_span(found)] if found else None


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
