"""What PE headers promise: a random address, protected memory, libraries of the system alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from obelisk.pe.headers import (
    AMD64,
    Characteristic,
    Directory,
    DirectoryEntry,
    DllCharacteristic,
    Headers,
    PeError,
    Section,
    SectionFlag,
    Subsystem,
    aligned,
)
from obelisk.pe.imports import imported_libraries
from obelisk.pe.system_libraries import is_system_library
from obelisk.verify.finding import Finding, judged, listed
from obelisk.verify.promise import Promise

_PAYLOAD: Final = ".obelisk"
_RANDOM: Final = {
    DllCharacteristic.DYNAMIC_BASE: "loaded at a fixed address (no DYNAMIC_BASE)",
    DllCharacteristic.HIGH_ENTROPY_VA: "loaded below 4 GiB (no HIGH_ENTROPY_VA)",
}
_SMALLEST_PAGE: Final = 4096
_SMALLEST_BLOCK: Final = 512


def header_findings(data: memoryview, headers: Headers) -> list[Finding]:
    """Return what the headers promise and break."""
    known = [] if headers.machine == AMD64 else [f"unknown machine {headers.machine:#x}"]
    guarded = bool(headers.dll_characteristics & DllCharacteristic.GUARD_CF)
    control = "marked" if guarded else "not marked"
    count = len(headers.sections)
    return [
        judged(Promise.HEADERS, _faults_of(headers), f"{count} sections"),
        judged(Promise.MACHINE, known, "x86-64"),
        judged(Promise.PIE, _fixed(headers), "loaded at a random address of 64 bits"),
        _needed(data, headers),
        judged(Promise.STACK, _executable_data(headers), "not executable"),
        Finding(promise=Promise.CONTROL_FLOW, sound=True, detail=control, is_note=True),
        judged(Promise.PERMISSIONS, _mixed(headers), "nothing is writable and executable"),
        judged(Promise.BOUNDS, outside(headers), "all inside the file"),
        judged(Promise.SEGMENTS, _misplaced(headers), f"{count} loaded"),
        judged(Promise.PAYLOAD_SEGMENT, _payload(headers), "mapped read-only"),
    ]


def outside(headers: Headers) -> list[str]:
    """Return what is not inside the file."""
    faults = [
        f"{section} ends at offset {section.file_end}, {section.file_end - headers.size} bytes "
        "beyond the end of the file"
        for section in headers.sections
        if section.raw_size and section.file_end > headers.size
    ]
    certificate = headers.directory(DirectoryEntry.CERTIFICATE)
    if certificate.size and certificate.address + certificate.size > headers.size:
        faults.append("the signature ends beyond the end of the file")
    return faults


def _faults_of(headers: Headers) -> list[str]:
    faults = []
    if headers.timestamp:
        faults.append(f"a timestamp of {headers.timestamp:#x}: two builds differ")
    if not headers.characteristics & Characteristic.EXECUTABLE:
        faults.append("not marked as executable")
    if headers.characteristics & Characteristic.DLL:
        faults.append("a library (DLL) instead of a program")
    if headers.subsystem not in tuple(Subsystem):
        faults.append(f"unknown subsystem {headers.subsystem}")
    if headers.section_alignment < _SMALLEST_PAGE or headers.file_alignment < _SMALLEST_BLOCK:
        faults.append(
            f"sections aligned to {headers.section_alignment} bytes in memory and "
            f"{headers.file_alignment} in the file"
        )
    if headers.directory(DirectoryEntry.CLR).address:
        faults.append("a program of .NET")
    code = [one for one in headers.sections if one.flags & SectionFlag.EXECUTE]
    if not any(one.address <= headers.entry < one.address + one.stored for one in code):
        faults.append(f"the program starts at {headers.entry:#x}, which is not executable")
    return faults


def _fixed(headers: Headers) -> list[str]:
    flags = headers.dll_characteristics
    faults = [fault for flag, fault in _RANDOM.items() if not flags & flag]
    stripped = headers.characteristics & Characteristic.RELOCS_STRIPPED
    if stripped or not headers.directory(DirectoryEntry.RELOCATION).size:
        faults.append("no relocations: it cannot be loaded elsewhere")
    return faults


def _needed(data: memoryview, headers: Headers) -> Finding:
    try:
        names = imported_libraries(data, headers)
    except PeError as error:
        fault = f"unreadable imports: {error}"
        return Finding(promise=Promise.NEEDED, sound=False, detail=fault)
    faults = [
        f"needs `{name}`, which is not part of Windows"
        for name in names
        if not is_system_library(name)
    ]
    return judged(
        Promise.NEEDED, faults, f"of Windows alone: {listed(sorted(names, key=str.lower))}"
    )


def _executable_data(headers: Headers) -> list[str]:
    if headers.dll_characteristics & DllCharacteristic.NX_COMPAT:
        return []
    return ["stack and data can be run as code (no NX_COMPAT)"]


def _mixed(headers: Headers) -> list[str]:
    both = SectionFlag.WRITE | SectionFlag.EXECUTE
    faults = [f"{one} is writable and executable" for one in headers.sections if _has(one, both)]
    shared = SectionFlag.WRITE | SectionFlag.SHARED
    return faults + [
        f"{one} is written to by all processes at once"
        for one in headers.sections
        if _has(one, shared)
    ]


def _has(section: Section, flags: int) -> bool:
    return section.flags & flags == flags


def _misplaced(headers: Headers) -> list[str]:
    faults = [fault for one in headers.sections if (fault := _impossible(one, headers))]
    previous_end = aligned(headers.headers_size, max(headers.section_alignment, 1))
    for one in headers.sections:
        if one.address < previous_end:
            faults.append(f"{one} overlaps what precedes it in memory, or is below it")
        previous_end = max(previous_end, one.memory_end)
    stored = sorted((one for one in headers.sections if one.raw_size), key=lambda one: one.offset)
    for one, other in pairwise(stored):
        if other.offset < one.file_end:
            faults.append(f"{one} and {other} overlap in the file")
    if stored and stored[0].offset < headers.table_end:
        faults.append(f"{stored[0]} and the headers overlap in the file")
    size = aligned(previous_end, max(headers.section_alignment, 1))
    if headers.sections and headers.image_size != size:
        faults.append(f"an image of {headers.image_size:#x} bytes, whose sections end at {size:#x}")
    for entry in DirectoryEntry:
        table = headers.directory(entry)
        if entry != DirectoryEntry.CERTIFICATE and table.address and not _is_inside(table, headers):
            faults.append(f"the {entry.name.lower()} directory is not inside a section")
    return faults


def _is_inside(table: Directory, headers: Headers) -> bool:
    end = table.address + table.size
    # Bound imports are in the headers, where there are any.
    return any(one.address <= table.address and end <= one.memory_end for one in headers.sections)


def _impossible(section: Section, headers: Headers) -> str | None:
    """Return why Windows would not load a section."""
    page, block = max(headers.section_alignment, 1), max(headers.file_alignment, 1)
    if section.address % page:
        return f"{section} begins at {section.address:#x}, within a page"
    if section.raw_size and (section.offset % block or section.raw_size % block):
        return f"{section} begins or ends within a block of {block} bytes of the file"
    return None if section.virtual_size else f"{section} is empty"


def _payload(headers: Headers) -> list[str]:
    found = headers.section(_PAYLOAD)
    if len(found) != 1:
        return [f"{len(found)} sections of a payload instead of one"]
    section = found[0]
    words = {SectionFlag.WRITE: "writable", SectionFlag.EXECUTE: "executable"}
    faults = [word for flag, word in words.items() if section.flags & flag]
    if not section.flags & SectionFlag.READ:
        faults.append("not readable")
    if section.flags & SectionFlag.DISCARDABLE:
        faults.append("discarded")
    wrong = [f"the payload is {' and '.join(faults)}"] if faults else []
    if section.raw_size < section.virtual_size:
        wrong.append("a part of the payload is not in the file")
    return wrong
