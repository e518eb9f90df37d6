"""What headers promise: static, position-independent, and nothing both writable and executable."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from obelisk.errors import VerifyError
from obelisk.target import TARGETS
from obelisk.verify.dynamic import NEEDED, RPATH, RUNPATH, STRINGS, dynamic_entries
from obelisk.verify.finding import Finding, judged
from obelisk.verify.headers import (
    DYNAMIC,
    EXECUTE,
    GNU_PROPERTY,
    GNU_RELRO,
    GNU_STACK,
    INTERP,
    LOAD,
    PAYLOAD,
    READ,
    TLS,
    WRITE,
    Headers,
    Segment,
    faults_of,
)
from obelisk.verify.memory import Memory
from obelisk.verify.promise import Promise

_POSITION_INDEPENDENT: Final = 3
_KINDS: Final = {0: "none", 1: "a relocatable object", 2: "ET_EXEC", 4: "a core dump"}
_SEARCHED: Final = {RPATH: "RPATH", RUNPATH: "RUNPATH"}
_END_OF_MEMORY: Final = 1 << 56
_ELF: Final = [target for target in TARGETS.values() if target.object_format == "elf"]
_PAGES: Final = {target.elf_number: target.page_size for target in _ELF}
_MACHINES: Final = {target.elf_number: target.machine_name for target in _ELF}


def header_findings(headers: Headers, memory: Memory) -> list[Finding]:
    """Return what the headers promise and break."""
    machine = headers.machine
    known = [] if machine in _MACHINES else [f"unknown machine {machine}"]
    kind = _KINDS.get(headers.kind, str(headers.kind))
    fixed = [f"{kind}, loaded at a fixed address"] if headers.kind != _POSITION_INDEPENDENT else []
    loads = f"{len(headers.loads)} loaded"
    return [
        judged(Promise.HEADERS, faults_of(headers), f"{len(headers.segments)} program headers"),
        judged(Promise.MACHINE, known, _MACHINES.get(machine, "")),
        judged(Promise.PIE, fixed, "position-independent"),
        judged(Promise.INTERPRETER, _interpreters(headers), "none"),
        judged(Promise.NEEDED, _needed(headers, memory), "none"),
        judged(Promise.RELRO, _relro(headers), "full"),
        judged(Promise.STACK, _stack(headers), "not executable"),
        _control_flow(headers),
        judged(Promise.PERMISSIONS, _mixed(headers), "nothing is writable and executable"),
        judged(Promise.BOUNDS, headers.outside(), "all inside the file"),
        judged(Promise.SEGMENTS, _misplaced(headers), loads),
        judged(Promise.PAYLOAD_SEGMENT, _payload(headers), "mapped read-only"),
    ]


def _interpreters(headers: Headers) -> list[str]:
    return [f"{segment} asks for a dynamic loader" for segment in headers.of(INTERP)]


def _needed(headers: Headers, memory: Memory) -> list[str]:
    try:
        entries = dynamic_entries(headers, memory)
        strings = dict(entries).get(STRINGS, 0)
        needed = [memory.text(strings + name) for tag, name in entries if tag == NEEDED]
        faults = [f"needs the shared library `{name}`" for name in needed]
        searched = [(_SEARCHED[tag], name) for tag, name in entries if tag in _SEARCHED]
        return faults + [
            f"searches `{memory.text(strings + name)}` for shared libraries ({tag})"
            for tag, name in searched
        ]
    except VerifyError as error:
        return [f"unreadable dynamic section: {error}"]


def _relro(headers: Headers) -> list[str]:
    ranges = [segment for segment in headers.of(GNU_RELRO) if segment.memory_size]
    if not ranges:
        return ["relocated tables stay writable: no GNU_RELRO, or an empty one"]
    return [
        f"{segment} stays writable: {ranges[0]} does not cover it"
        for segment in headers.of(DYNAMIC)
        if not any(one.contains(segment) for one in ranges)
    ]


def _stack(headers: Headers) -> list[str]:
    found = headers.of(GNU_STACK)
    if len(found) != 1:
        return ["no GNU_STACK: the kernel makes the stack executable"] if not found else ["two"]
    return [f"{found[0]} is executable"] if found[0].flags & EXECUTE else []


def _control_flow(headers: Headers) -> Finding:
    marked = "marked" if headers.of(GNU_PROPERTY) else "not marked"
    return Finding(promise=Promise.CONTROL_FLOW, sound=True, detail=marked, is_note=True)


def _mixed(headers: Headers) -> list[str]:
    both = WRITE | EXECUTE
    mixed = [segment for segment in headers.segments if segment.flags & both == both]
    # The stack has a promise of its own.
    return [f"{one} is writable and executable" for one in mixed if one.kind != GNU_STACK]


def _misplaced(headers: Headers) -> list[str]:
    loads, page = headers.loads, _PAGES.get(headers.machine, 4096)
    faults = [fault for load in loads if (fault := _impossible(load, page))]
    for one, other in pairwise(loads):
        if other.address < one.address:
            faults.append(f"{other} is loaded below {one}, which precedes it")
    for one, other in pairwise(sorted(loads, key=lambda load: load.address)):
        if other.address // page * page < one.memory_end:
            faults.append(f"{one} and {other} overlap in memory")
    stored = sorted((load for load in loads if load.file_size), key=lambda load: load.offset)
    for one, other in pairwise(stored):
        if other.offset < one.file_end:
            faults.append(f"{one} and {other} overlap in the file")
    described = (one for one in headers.segments if one.kind not in (LOAD, GNU_STACK, TLS))
    faults += [
        f"{one} is not inside a loaded segment"
        for one in described
        if one.kind and not any(load.contains(one) for load in loads)
    ]
    return faults


def _impossible(load: Segment, page: int) -> str | None:
    """Return why a kernel would not load a segment."""
    if load.file_size > load.memory_size:
        return f"{load} has more bytes in the file than in memory"
    if (load.offset - load.address) % page:
        return f"{load} begins within a page of {page} bytes, elsewhere than in the file"
    return f"{load} ends beyond all memory" if load.memory_end > _END_OF_MEMORY else None


def _payload(headers: Headers) -> list[str]:
    found = headers.of(PAYLOAD)
    if len(found) != 1:
        return [f"{len(found)} headers of a payload instead of one"]
    mapped = [load for load in headers.loads if load.contains(found[0])]
    if not mapped:
        return ["the payload is not loaded"]
    words = {WRITE: "writable", EXECUTE: "executable"}
    faults = [word for flag, word in words.items() if mapped[0].flags & flag]
    if not mapped[0].flags & READ:
        faults.append("not readable")
    return [f"the payload is {' and '.join(faults)} ({mapped[0]})"] if faults else []
