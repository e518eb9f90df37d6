"""The resources of an image: a tree by type, name and language, read and written.

Follows "The .rsrc Section" of Microsoft's "PE Format". Names are numbers here, since those of
manifests, icons and versions are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from obelisk.pe.headers import Bytes, DirectoryEntry, Headers, PeError

_DIRECTORY: Final = struct.Struct("<IIHHHH")
_ENTRY: Final = struct.Struct("<II")
_DATA: Final = struct.Struct("<IIII")
_SUBDIRECTORY: Final = 0x8000_0000
"""The bit of an entry's offset that leads to another directory."""
_ALIGNMENT: Final = 8
_LEVELS: Final = 3
"""Type, name, language."""
_MOST: Final = 4096
"""Entries of a tree: more are damage."""
ENGLISH: Final = 0x0409
"""The language `en-US`, which Windows takes where there is no other."""


class ResourceType(IntEnum):
    """Types of resources that Obelisk writes."""

    ICON = 3
    """One image of an icon."""
    GROUP_ICON = 14
    """A list of such images."""
    VERSION = 16
    MANIFEST = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource."""

    type: int
    name: int
    language: int = ENGLISH
    content: bytes = field(repr=False)

    @property
    def key(self) -> tuple[int, int, int]:
        """Its place in the tree."""
        return self.type, self.name, self.language


def pack_resources(resources: Sequence[Resource], address: int) -> bytes:
    """Return the section of these resources, which is loaded at `address` from the base.

    Directories come first, those of one level after those of the level above; then the places and
    sizes of all data, then the data.
    """
    directories = _breadth_first(_tree(resources))
    places: dict[int, int] = {}
    end = 0
    for directory in directories:
        places[id(directory)] = end
        end += _DIRECTORY.size + _ENTRY.size * len(directory)
    leaves = [leaf for one in directories for leaf in one.values() if isinstance(leaf, Resource)]
    for leaf in leaves:
        places[id(leaf)] = end
        end += _DATA.size
    table, rows, content = bytearray(), bytearray(), bytearray()
    for directory in directories:
        table += _DIRECTORY.pack(0, 0, 0, 0, 0, len(directory))
        for number, node in directory.items():
            is_leaf = isinstance(node, Resource)
            table += _ENTRY.pack(number, places[id(node)] | (0 if is_leaf else _SUBDIRECTORY))
    for leaf in leaves:
        content += bytes(-(end + len(content)) % _ALIGNMENT)
        rows += _DATA.pack(address + end + len(content), len(leaf.content), 0, 0)
        content += leaf.content
    return bytes(table + rows + content)


_Tree = dict[int, "_Tree | Resource"]
"""A directory: what is below each number, ascending."""


def _tree(resources: Sequence[Resource]) -> _Tree:
    root: _Tree = {}
    for resource in sorted(resources, key=lambda one: one.key):
        directory = root
        for number in resource.key[:-1]:
            below = directory.setdefault(number, {})
            assert isinstance(below, dict)  # noqa: S101 - all keys have the same length
            directory = below
        directory[resource.language] = resource
    return root


def _breadth_first(root: _Tree) -> list[_Tree]:
    found = [root]
    for directory in found:
        found += [below for below in directory.values() if isinstance(below, dict)]
    return found


def read_resources(data: Bytes, headers: Headers) -> list[Resource]:
    """Return the resources of an image; raise `PeError` for a malformed tree."""
    directory = headers.directory(DirectoryEntry.RESOURCE)
    if not directory.address:
        return []
    return list(_Reader(data, headers, directory.address).read(0, ()))


class _Reader:
    """Reading one tree, whose root is at an address."""

    def __init__(self, data: Bytes, headers: Headers, address: int) -> None:
        self._data = data
        self._headers = headers
        self._address = address
        self._count = 0

    def read(self, offset: int, path: tuple[int, ...]) -> Iterator[Resource]:
        """Yield what is below the directory at an offset from the root; `path` leads to it."""
        *_, named, numbered = self._unpack(_DIRECTORY, offset)
        for number in range(named + numbered):
            self._count += 1
            if self._count > _MOST or len(path) == _LEVELS:
                message = "a tree of resources that is too large, or has a circle"
                raise PeError(message)
            place = offset + _DIRECTORY.size + number * _ENTRY.size
            name, below = self._unpack(_ENTRY, place)
            if below & _SUBDIRECTORY:
                yield from self.read(below & ~_SUBDIRECTORY, (*path, name))
            else:
                yield self._leaf(below, (*path, name))

    def _leaf(self, offset: int, path: tuple[int, ...]) -> Resource:
        if len(path) != _LEVELS:
            message = f"a resource at level {len(path)} of its tree"
            raise PeError(message)
        address, size, _, _ = self._unpack(_DATA, offset)
        start = self._headers.offset_of(address, size)
        kind, name, language = path
        content = bytes(self._data[start : start + size])
        return Resource(type=kind, name=name, language=language, content=content)

    def _unpack(self, layout: struct.Struct, offset: int) -> tuple[int, ...]:
        start = self._headers.offset_of(self._address + offset, layout.size)
        return layout.unpack_from(self._data, start)
