"""A PE executable: its headers, what they promise, and where the payload is."""

from __future__ import annotations

import mmap
from typing import Final

from obelisk.errors import VerifyError
from obelisk.pe.checksum import checksum_of
from obelisk.pe.headers import DirectoryEntry, Headers, PeError, read_headers
from obelisk.verify.authenticode import signature_finding
from obelisk.verify.executable import Executable, Span
from obelisk.verify.finding import Finding, judged
from obelisk.verify.pe_headers import header_findings, outside
from obelisk.verify.pe_objects import read_objects
from obelisk.verify.pe_resources import resources_finding
from obelisk.verify.promise import Promise

_PAYLOAD: Final = ".obelisk"


def read_pe(data: mmap.mmap) -> Executable:
    """Read a PE executable; raise `VerifyError` for malformed headers, or what is truncated."""
    headers = _headers(data)
    found = headers.section(_PAYLOAD)
    if len(found) != 1:
        message = "no payload section"
        raise VerifyError(message)
    beyond = outside(headers)
    if beyond:
        message = f"file truncated: {beyond[0]}"
        raise VerifyError(message)
    start = found[0].offset
    with memoryview(data) as view:
        objects = read_objects(view, headers)
    return Executable(
        findings=(*_findings(data, headers), *objects.findings),
        objects=objects.sizes,
        objects_size=sum(size for _, size in objects.sizes),
        objects_spans=objects.spans,
        payload=memoryview(data)[start : start + found[0].stored],
        payload_offset=start,
        size=len(data),
        check_whole=lambda: _check_whole(data, headers),
    )


def pe_findings(data: mmap.mmap) -> tuple[Finding, ...]:
    """Return what only the headers tell, of a file with parts that cannot be read.

    Raises `VerifyError` for malformed headers.
    """
    return _findings(data, _headers(data))


def pe_payload(data: mmap.mmap) -> memoryview | None:
    """Return the payload of a PE executable, None if it has none; raise as `read_pe` does."""
    found = _headers(data).section(_PAYLOAD)
    if not found:
        return None
    return memoryview(data)[found[0].offset : found[0].offset + found[0].stored]


def signed_later(data: mmap.mmap) -> tuple[Span, ...]:
    """Return what a signature that is added later changes; nothing if headers are unreadable."""
    try:
        return _headers(data).unsigned_fields()
    except VerifyError:
        return ()


def own_end(data: mmap.mmap, end: int) -> int:
    """Return where the sections end, or the signature behind them; `end` of unreadable files."""
    try:
        headers = _headers(data)
    except VerifyError:
        return end
    sections = max((section.file_end for section in headers.sections), default=end)
    certificate = headers.directory(DirectoryEntry.CERTIFICATE)
    # It is at the next multiple of eight, and is a finding of its own.
    is_next = 0 <= certificate.address - sections < 8
    return certificate.address + certificate.size if is_next else sections


def _headers(data: mmap.mmap) -> Headers:
    try:
        with memoryview(data) as view:
            return read_headers(view)
    except PeError as error:
        message = f"malformed PE headers: {error}"
        raise VerifyError(message) from error


def _findings(data: mmap.mmap, headers: Headers) -> tuple[Finding, ...]:
    with memoryview(data) as view:
        return (*header_findings(view, headers), resources_finding(view, headers))


def _check_whole(data: mmap.mmap, headers: Headers) -> tuple[Finding, ...]:
    with memoryview(data) as view:
        actual = checksum_of(view, headers.checksum_at)
        wrong = f"the header says {headers.checksum:#x}, and the file's sum is {actual:#x}"
        faults = [wrong] if actual != headers.checksum else []
        return (
            judged(Promise.CHECKSUM, faults, f"{actual:#x}"),
            signature_finding(view, headers),
        )
