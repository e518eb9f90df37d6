"""Symbol tables of shared objects, and the hash tables by which loaders find names in them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from obelisk.errors import LinkError
from obelisk.link.elf.dynamic import Dynamic, Tag
from obelisk.link.elf.memory import Memory

SYMBOL: Final = struct.Struct("<IBBHQQ")
"""Place of the name, kind and binding, visibility, section, value, size."""


class Symbol(NamedTuple):
    """An entry of a symbol table."""

    name: bytes
    kind: int
    binding: int
    visibility: int
    section: int
    value: int
    size: int


class Kind:
    """Kinds of symbols (STT_*)."""

    FUNCTION = 2
    TLS = 6
    IFUNC = 10


LOCAL: Final = 0
WEAK: Final = 2
ABSOLUTE: Final = 0xFFF1
"""Section number of symbols that are numbers and not places."""
_EXPORTED_VISIBILITIES: Final = (0, 3)
_EXPORTED_BINDINGS: Final = (1, 2, 10)
_HIDDEN_VERSION: Final = 0x8000


def unpack_symbols(content: bytes | memoryview, strings: bytes) -> Iterator[Symbol | None]:
    """Yield the entries of a symbol table; None for one whose name is not among the strings."""
    find, end = strings.find, len(strings)
    for name, info, other, section, value, size in SYMBOL.iter_unpack(content):
        stop = find(0, name) if name < end else -1
        if stop < 0:
            yield None
        else:
            text = strings[name:stop]
            yield Symbol(text, info & 15, info >> 4, other & 3, section, value, size)


def read_symbols(
    memory: Memory, dynamic: Dynamic, relocations: tuple[memoryview, ...]
) -> tuple[tuple[Symbol, ...], dict[bytes, Symbol]]:
    """Return all symbols, and those that others may use by their name.

    Nothing says how many there are: all that are hashed, and all that relocations name. Raises
    `LinkError` when a table is damaged.
    """
    first, count = _hashed(memory, dynamic.get(Tag.GNU_HASH))
    for table in relocations:
        for number in table.cast("I")[3::6]:
            count = max(count, number + 1)
    content = memory.at(dynamic.get(Tag.SYMTAB), count * SYMBOL.size)
    symbols = []
    for symbol in unpack_symbols(content, dynamic.strings):
        if symbol is None:
            message = "symbol name outside its string table"
            raise LinkError(message)
        symbols.append(symbol)
    return tuple(symbols), _exports(memory, dynamic, symbols, first)


def _hashed(memory: Memory, address: int) -> tuple[int, int]:
    """Return the first symbol that a GNU hash table holds, and the one after the last."""
    bucket_count, first, filter_size, _ = struct.unpack("<IIII", memory.at(address, 16))
    if not bucket_count or filter_size & (filter_size - 1) or not filter_size:
        message = "malformed GNU hash table"
        raise LinkError(message)
    buckets_at = address + 16 + 8 * filter_size
    buckets = memory.at(buckets_at, 4 * bucket_count).cast("I")
    last = max(buckets)
    if last < first:
        return first, first
    chain_at = buckets_at + 4 * bucket_count
    rest = memory.rest(chain_at + 4 * (last - first))
    chain = rest[: len(rest) // 4 * 4].cast("I")
    for steps, value in enumerate(chain):
        if value & 1:
            return first, last + steps + 1
    message = "unterminated GNU hash table"
    raise LinkError(message)


def _exports(
    memory: Memory, dynamic: Dynamic, symbols: Sequence[Symbol], hashed_from: int
) -> dict[bytes, Symbol]:
    versions = None
    if Tag.VERSYM in dynamic.tags:
        versions = memory.at(dynamic.get(Tag.VERSYM), 2 * len(symbols)).cast("H")
    exports: dict[bytes, Symbol] = {}
    for number in range(hashed_from, len(symbols)):
        symbol = symbols[number]
        if (
            symbol.section
            and symbol.binding in _EXPORTED_BINDINGS
            and symbol.visibility in _EXPORTED_VISIBILITIES
            and not (versions and versions[number] & _HIDDEN_VERSION)
        ):
            if symbol.kind == Kind.IFUNC:
                message = f"`{symbol.name.decode()}` is an indirect function (IFUNC)"
                raise LinkError(message)
            exports.setdefault(symbol.name, symbol)
    return exports
