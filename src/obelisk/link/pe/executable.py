"""From runtime and payload to a PE executable.

No linker runs: resources, payload and digest become sections behind those of the runtime, whose
headers go where it has room between its own ones and the first section. The runtime finds the
payload by the name of its section, whose virtual size is the exact length. A signature is added
later, behind everything (Authenticode): what it changes of the headers counts as zero in the
digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.digest import digest_size, write_digest
from obelisk.link.image import Image
from obelisk.link.pe.objects import LinkedDlls, link_dlls
from obelisk.model import SharedObjectFile
from obelisk.payload.content import Piece, chunks
from obelisk.payload.payload import Packed
from obelisk.pe.appearance import Appearance
from obelisk.pe.checksum import checksum
from obelisk.pe.headers import (
    Directory,
    DirectoryEntry,
    Headers,
    PeError,
    Section,
    SectionFlag,
    aligned,
    patch_checksum,
    patch_directory,
    patch_headers,
    patch_subsystem,
    read_headers,
    with_more_headers,
)
from obelisk.pe.resources import pack_resources

PAYLOAD: Final = ".obelisk"
DIGEST: Final = ".digest"
RESOURCES: Final = ".rsrc"
OBJECTS: Final = ".objects"
_OBJECT: Final = ".object"
"""Name of the sections of linked libraries."""
_HEADERS: Final = "PE headers"
_SHOWN: Final = {
    PAYLOAD: "payload",
    RESOURCES: "resources",
    OBJECTS: "table of shared objects",
}
"""What `verify` calls the parts."""
_FLAGS: Final = SectionFlag.INITIALIZED | SectionFlag.READ
_PAGE: Final = 4096
"""Windows maps what begins at such an offset of the file, in place of reading it."""
_LARGEST: Final = (1 << 31) - (1 << 16)
"""Bytes of an image that Windows loads: addresses in it are distances of 31 bits."""
_BUG: Final = "this is a bug in Obelisk; please report it"


def link_pe_objects(runtime: bytes, files: Sequence[SharedObjectFile]) -> LinkedDlls | None:
    """Link extension modules to a runtime, for all executables of the two; None if there are none.

    Raises `LinkError` when `runtime` is no runtime, or a module cannot be linked in.
    """
    if not files:
        return None
    try:
        headers = read_headers(runtime)
        return link_dlls(files, runtime, headers, _Build(runtime, headers).next_address)
    except PeError as error:
        raise _not_linked(error) from error


def link_pe(
    runtime: bytes, payload: Packed, appearance: Appearance, linked: LinkedDlls | None = None
) -> Image:
    """Return the executable; raise `LinkError` when `runtime` is no runtime, or it is too large."""
    try:
        return _link(runtime, payload, appearance, linked)
    except PeError as error:
        raise _not_linked(error) from error


def _not_linked(error: PeError) -> LinkError:
    return LinkError(f"the runtime cannot be linked: {error}", hint=_BUG)


def _link(
    runtime: bytes, payload: Packed, appearance: Appearance, linked: LinkedDlls | None
) -> Image:
    headers = read_headers(runtime)
    if linked is not None:
        runtime = with_more_headers(runtime, headers)
        headers = read_headers(runtime)
    build = _Build(runtime, headers)
    if linked is not None:
        _add_objects(build, linked)
    address = build.next_address
    resources = pack_resources(appearance.resources, address)
    section = build.add(RESOURCES, [(0, resources)], len(resources))
    directory = Directory(address=section.address, size=len(resources))
    build.directories[DirectoryEntry.RESOURCE] = directory
    build.add(PAYLOAD, payload.pieces, payload.size, alignment=_PAGE)
    parts = build.parts()
    build.add(DIGEST, [], digest_size(parts, build.next_offset))
    return build.finish(appearance, parts)


def _add_objects(build: _Build, linked: LinkedDlls) -> None:
    for one in linked.pieces:
        content = [(0, one.content)]
        build.add(_OBJECT, content, one.size, stored=len(one.content), flags=one.flags)
        build.name_last(one.name)
    table, directories = linked.table(build.next_address)
    build.add(OBJECTS, [(0, table)], len(table))
    build.directories |= directories


class _Build:
    """The executable while sections are added to the runtime."""

    def __init__(self, runtime: bytes, headers: Headers) -> None:
        self._headers = headers
        self._head = bytearray(runtime)
        self._added: list[Section] = []
        self._pieces: list[Piece] = []
        self._shown: dict[int, str] = {}
        self.directories: dict[DirectoryEntry, Directory] = {}
        _require_runtime(headers)

    @property
    def next_address(self) -> int:
        """Where in memory the next section will be, from the image's base."""
        end = max(section.memory_end for section in self._sections)
        return aligned(end, self._headers.section_alignment)

    @property
    def next_offset(self) -> int:
        """Where in the file the next section will be."""
        end = max(section.file_end for section in self._sections)
        return aligned(end, self._headers.file_alignment)

    def add(
        self,
        name: str,
        pieces: Iterable[Piece],
        size: int,
        *,
        stored: int | None = None,
        alignment: int = 1,
        flags: int = _FLAGS,
    ) -> Section:
        """Add a section of `size` bytes; the places of its pieces are counted from its start.

        What is behind the first `stored` bytes is zero, and not in the file.
        """
        offset = aligned(self.next_offset, alignment)
        section = Section(
            number=len(self._sections),
            name=name,
            virtual_size=size,
            address=self.next_address,
            raw_size=aligned(size if stored is None else stored, self._headers.file_alignment),
            offset=offset,
            flags=flags,
        )
        if section.memory_end > _LARGEST or section.file_end > _LARGEST:
            message = f"an executable of {section.file_end} bytes: Windows loads at most 2 GiB"
            raise LinkError(message, hint="exclude large files, or ship them beside it")
        self._added.append(section)
        self._pieces += [(offset + place, piece) for place, piece in pieces]
        return section

    def name_last(self, name: str) -> None:
        """Let the digest call the last section by another name than its header does."""
        self._shown[self._added[-1].number] = name

    def parts(self) -> list[tuple[int, str]]:
        """Return the (offset, name) of all parts of the file, for its digest."""
        stored = [
            (one.offset, self._shown.get(one.number) or _SHOWN.get(one.name, one.name))
            for one in self._sections
            if one.raw_size
        ]
        return [(0, _HEADERS), *sorted(stored)]

    def finish(self, appearance: Appearance, parts: list[tuple[int, str]]) -> Image:
        """Return the file with its digest, which is the last section, and its checksum."""
        head, headers, digest = self._head, self._headers, self._added[-1]
        patch_headers(head, headers, self._added)
        if appearance.subsystem is not None:
            patch_subsystem(head, headers, appearance.subsystem)
        for entry, directory in self.directories.items():
            patch_directory(head, headers, entry, directory)
        pieces = [(0, head), *self._pieces]
        pieces.append((digest.offset, write_digest(pieces, parts, digest.offset)))
        size = digest.file_end
        patch_checksum(head, headers, checksum(_views(pieces), size))
        return Image(pieces=tuple(pieces), size=size)

    @property
    def _sections(self) -> list[Section]:
        return [*self._headers.sections, *self._added]


def _views(pieces: Iterable[Piece]) -> Iterator[tuple[int, memoryview]]:
    """Yield pieces as they are in the file, of files a part at a time."""
    for start, piece in pieces:
        place = start
        for view in chunks(piece):
            yield place, view
            place += len(view)


def _require_runtime(headers: Headers) -> None:
    """Raise `PeError` for what cannot become an executable."""
    if not headers.sections or headers.section_alignment < _PAGE or headers.file_alignment < 512:
        message = "no sections, or their alignment is too small"
        raise PeError(message)
    end = max(section.file_end for section in headers.sections)
    if end != headers.size or headers.symbols_at:
        message = f"{headers.size - end} bytes behind its sections, such as symbols"
        raise PeError(message)
    reserved = {PAYLOAD, DIGEST, RESOURCES} & {section.name for section in headers.sections}
    if reserved:
        message = f"it has a section {min(reserved)}"
        raise PeError(message)
