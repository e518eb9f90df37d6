"""The extension modules that are linked into a PE executable, by the table that `link` wrote."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from obelisk.errors import VerifyError
from obelisk.pe.headers import Headers, Section, SectionFlag
from obelisk.verify.executable import Span
from obelisk.verify.finding import Finding, judged
from obelisk.verify.promise import Promise

_TABLE: Final = ".objects"
_OBJECT: Final = ".object"
_MAGIC: Final = b"OBPEOBJS"
_HEAD: Final = struct.Struct("<8sII")
_ROW: Final = struct.Struct("<IIII")


@dataclass(frozen=True, kw_only=True, slots=True)
class Objects:
    """What was read of the table."""

    findings: tuple[Finding, ...] = ()
    """Empty without such modules."""
    sizes: tuple[tuple[str, int], ...] = ()
    """The path of each module, and its bytes in the file."""
    spans: tuple[Span, ...] = ()
    """Where they are in the file."""


def read_objects(data: memoryview, headers: Headers) -> Objects:
    """Read the table; what is wrong with it is a finding."""
    found = headers.section(_TABLE)
    if not found:
        return Objects()
    try:
        rows = _rows(data[found[0].offset : found[0].offset + found[0].stored])
    except VerifyError as error:
        return Objects(findings=(Finding(promise=Promise.OBJECTS, sound=False, detail=str(error)),))
    own = headers.section(_OBJECT)
    starts = sorted(image for _, image, _ in rows)
    sizes, spans, faults = [], [], []
    for path, image, entry in rows:
        end = next((start for start in starts if start > image), found[0].address)
        parts = [one for one in own if image <= one.address < end]
        if not parts or parts[0].address != image or not _starts(parts, entry):
            faults.append(f"`{path}` is not where the table says")
        sizes.append((path, sum(one.raw_size for one in parts)))
        spans += [(one.offset, one.file_end) for one in parts]
    finding = judged(Promise.OBJECTS, faults, f"{len(rows)} linked")
    return Objects(findings=(finding,), sizes=tuple(sizes), spans=tuple(spans))


def _rows(table: memoryview) -> list[tuple[str, int, int]]:
    """Return (path, address of the image, address of its entry point or 0) of each module."""
    if len(table) < _HEAD.size:
        message = "the table of shared objects is truncated"
        raise VerifyError(message)
    magic, count, size = _HEAD.unpack_from(table)
    if magic != _MAGIC or size > len(table) or _HEAD.size + count * _ROW.size > size:
        message = "the table of shared objects is malformed"
        raise VerifyError(message)
    found = []
    for place in range(_HEAD.size, _HEAD.size + count * _ROW.size, _ROW.size):
        start, length, image, entry = _ROW.unpack_from(table, place)
        text = bytes(table[start : start + length])
        if start + length > size or not text:
            message = "the table of shared objects is malformed"
            raise VerifyError(message)
        found.append((text.decode(errors="replace"), image, entry))
    return found


def _starts(parts: list[Section], entry: int) -> bool:
    """Return whether an entry point is code of the module; 0 is none."""
    return not entry or any(
        one.flags & SectionFlag.EXECUTE and one.address <= entry < one.address + one.stored
        for one in parts
    )
