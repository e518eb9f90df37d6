"""Searching an executable for what tells who built it: paths, names, secrets.

All bytes of the file are searched, and the contents of what is compressed in it. Shared objects of
wheels name the paths of the machines that they were built on, and documentation has paths of
nobody: so a path counts if it is one of this machine.
"""

from __future__ import annotations

import mmap
import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from obelisk.errors import VerifyError
from obelisk.payload.payload import Control, Kind
from obelisk.payload.reader import Payload, Record
from obelisk.verify.builder import Builder
from obelisk.verify.digest import Digest
from obelisk.verify.executable import Executable
from obelisk.verify.finding import Finding, judged
from obelisk.verify.promise import Promise

_REGION: Final = 32 << 20
"""Bytes that are searched at once."""
_OVERLAP: Final = 1 << 10
"""Bytes of a region that are searched with the next one too: more than any path has."""
_HOMES: Final = (b"/home/", b"/root/", b"/Users/")
"""Where paths begin that no runtime has."""
_PATH: Final = re.compile(rb"[\w.+@%=,~/-]+")
_WORD: Final = re.compile(rb"[A-Za-z0-9]")
_SHOWN: Final = 120
"""Characters of a path."""
_LONG: Final = 0x80
"""The bit of a marshalled value's type that says whether it is referred to later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """Bytes that must not be inside."""

    needle: bytes
    promise: Promise
    shown: str
    """What is said of it; empty for a path, which says it itself."""
    anywhere: bool = True
    """Whether it counts wherever it is; else only paths that there are on this machine, or words
    that nobody else wrote."""


def trace_findings(
    data: mmap.mmap,
    digest: Digest | None,
    executable: Executable,
    payload: Payload,
    builder: Builder,
) -> list[Finding]:
    """Search for all that would tell who built an executable, and where."""
    search = _Search(data, digest, executable, payload, builder)
    # Some are found twice: what is below the working directory may be below the home as well.
    faults = dict.fromkeys(chain(search.in_file(), search.in_frames(), search.in_bytecode()))
    paths = [fault for promise, fault in faults if promise == Promise.BUILD_PATH]
    names = [fault for promise, fault in faults if promise == Promise.BUILDER]
    return [
        judged(Promise.BUILD_PATH, paths, "none found"),
        judged(Promise.BUILDER, names, "nothing found"),
    ]


def traces_of(builder: Builder) -> list[Trace]:
    """Return what to search for."""
    found = [
        _path(builder.cache, anywhere=True),
        _path(builder.home, anywhere=builder.is_own_home),
        _path(builder.working, anywhere=False),
    ]
    user, host = builder.user.encode(), builder.host.encode()
    if user and host and (builder.is_somebody or builder.is_known_host):
        found.append(_name(user + b"@" + host))
    if builder.is_known_host:
        found.append(_name(host))
    if builder.is_somebody:
        found.append(_name(user, anywhere=False))
    found += [
        Trace(
            needle=os.fsencode(value),
            promise=Promise.BUILDER,
            shown=f"the secret in the variable `{name}`",
        )
        for name, value in builder.secrets
    ]
    return [trace for trace in found if trace is not None]


def _path(folder: str, *, anywhere: bool) -> Trace | None:
    if not folder.strip("/"):
        return None
    needle = os.fsencode(folder).rstrip(b"/") + b"/"
    return Trace(needle=needle, promise=Promise.BUILD_PATH, shown="", anywhere=anywhere)


def _name(text: bytes, *, anywhere: bool = True) -> Trace:
    shown = f"`{text.decode(errors='replace')}`"
    return Trace(needle=text, promise=Promise.BUILDER, shown=shown, anywhere=anywhere)


Fault = tuple[Promise, str]


class _Search:
    """The search of one file."""

    def __init__(
        self,
        data: mmap.mmap,
        digest: Digest | None,
        executable: Executable,
        payload: Payload,
        builder: Builder,
    ) -> None:
        self._data = data
        self._payload = payload
        self._traces = traces_of(builder)
        self._start = executable.payload_offset
        self._end = digest.end if digest else len(data)
        manifest = next((one for one in payload.controls if one.name == Control.MANIFEST), None)
        self._manifest = range(0)
        if manifest is not None and manifest.intact:
            start = self._start + manifest.offset
            self._manifest = range(start, start + manifest.stored)
        self._foreign = [
            range(self._start, self._start + len(payload.data)),
            *(range(*span) for span in executable.objects_spans),
        ]
        self._parts = sorted(digest.parts) if digest else []
        stored = [one for one in payload.records if one.intact and one.stored]
        self._records = sorted(stored, key=lambda one: one.offset)

    def in_file(self) -> Iterator[Fault]:
        """Yield what is in the file as it is, but for what others appended."""
        for start in range(0, self._end, _REGION):
            region = self._data[start : min(start + _REGION + _OVERLAP, self._end)]
            for trace, place in self._hits(region):
                where = f"in {self._part_at(start + place)} at offset {start + place}"
                yield from self._fault(trace, region, place, where, self._is_own(start + place))
            for needle in _HOMES:
                for place in _places(region, needle):
                    if self._is_own(start + place):
                        where = f"in {self._part_at(start + place)} at offset {start + place}"
                        yield Promise.BUILD_PATH, f"{_shown(_path_at(region, place))} {where}"

    def in_frames(self) -> Iterator[Fault]:
        """Yield what is in the contents of compressed records."""
        for record in self._payload.records:
            if record.frame:
                content = self._content(record)
                for trace, place in self._hits(content):
                    where = f"in `{record.name}`, at byte {place} of its contents"
                    yield from self._fault(trace, content, place, where, is_own=False)

    def in_bytecode(self) -> Iterator[Fault]:
        """Yield the names of source files that code objects have, if they are absolute paths."""
        for record in self._payload.modules:
            if record.kind == Kind.CODE:
                path = absolute_filename(self._content(record), record.name)
                if path is not None:
                    yield Promise.BUILD_PATH, f"{_shown(path)} in the bytecode of `{record.name}`"

    def _hits(self, content: bytes) -> Iterator[tuple[Trace, int]]:
        for trace in self._traces:
            for place in _places(content, trace.needle):
                yield trace, place

    def _fault(
        self, trace: Trace, content: bytes, place: int, where: str, is_own: bool
    ) -> Iterator[Fault]:
        """Yield the fault of a trace that was found, if it is one."""
        if trace.shown:
            if _is_word(content, place, len(trace.needle)) and (trace.anywhere or is_own):
                yield trace.promise, f"{trace.shown} {where}"
            return
        path = _path_at(content, place)
        if trace.anywhere or is_own or _is_here(path, len(trace.needle)):
            yield trace.promise, f"{_shown(path)} {where}"

    def _content(self, record: Record) -> bytes:
        try:
            return self._payload.read(record)
        except VerifyError:
            return b""  # the payload's own finding has it

    def _is_own(self, place: int) -> bool:
        """Whether a place in the file is neither an application's file nor a linked object."""
        return place in self._manifest or not any(place in span for span in self._foreign)

    def _part_at(self, place: int) -> str:
        """Return the name of what is at a place in the file."""
        at = place - self._start
        number = bisect_right(self._records, at, key=lambda one: one.offset) - 1
        if number >= 0 and at < self._records[number].offset + self._records[number].stored:
            record = self._records[number]
            return "the manifest" if record.name == Control.MANIFEST else f"`{record.name}`"
        found = [name for start, stop, name in self._parts if start <= place < stop]
        return found[0] if found else "the file"


def absolute_filename(code: bytes, name: str) -> str | None:
    """Return the absolute path that marshalled code of the module file `name` calls its source.

    A string is marshalled as its type, its length in one byte or in four, and its characters.
    """
    ending = b"/" + name.rpartition("/")[2].encode()
    for place in _places(code, ending):
        stop = place + len(ending)
        start = place + 1
        while (start := code.rfind(b"/", max(0, stop - 4096), start)) > 0:
            size = stop - start
            short = code[start - 2 : start - 1], code[start - 1]
            long = code[start - 5 : start - 4], int.from_bytes(code[start - 4 : start], "little")
            kinds = ((short, b"zZ"), (long, b"aAut"))
            if any(_is_type(kind, of) and length == size for (kind, length), of in kinds):
                return code[start:stop].decode(errors="replace")
    return None


def _is_type(kind: bytes, known: bytes) -> bool:
    return len(kind) == 1 and kind[0] & ~_LONG in known


def _places(content: bytes, needle: bytes) -> Iterator[int]:
    place = content.find(needle)
    while place >= 0:
        yield place
        place = content.find(needle, place + 1)


def _path_at(content: bytes, place: int) -> str:
    match = _PATH.match(content, place)
    return os.fsdecode(match[0]) if match else ""


def _is_here(path: str, base: int) -> bool:
    """Whether a path leads to something of this machine, more than `base` characters of it.

    The whole path, or at least two names of it: what is deeper may have been removed.
    """
    names = path[base:].split("/")
    if not names[0] or "\0" in path:
        return False
    hidden = names[0].startswith(".")
    known = path if hidden or len(names) < 2 else path[:base] + "/".join(names[:2])
    return os.path.lexists(known)


def _is_word(content: bytes, place: int, size: int) -> bool:
    around = content[max(0, place - 1) : place] + content[place + size : place + size + 1]
    return _WORD.search(around) is None


def _shown(path: str) -> str:
    return f"the path `{path[:_SHOWN]}`"
