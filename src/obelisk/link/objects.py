"""Shared objects: extension modules and libraries, read for linking and judged.

Follows the System V ABI (dynamic section, program headers), and the description of the GNU hash
table in binutils. Everything is found by the program headers and the dynamic section, as a loader
would; every read is checked, for the bytes are not ours.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from obelisk.errors import LinkError
from obelisk.link.elf import Elf, Segment, SegmentType, read_elf
from obelisk.link.machine import Machine

PAGE: Final = 4096
_SHARED: Final = 3
"""`e_type` of a shared object."""
_LARGEST: Final = 1 << 30
"""Bytes of memory that one object may take; damaged sizes are larger."""
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_DYNAMIC: Final = struct.Struct("<qQ")
_NEED: Final = struct.Struct("<HHIII")
_NEED_NAME: Final = struct.Struct("<IHHII")
_GLIBC_LIBRARIES: Final = frozenset(
    ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")
)


class Tag:
    """Tags of the dynamic section."""

    NEEDED = 1
    PLTRELSZ = 2
    STRTAB = 5
    SYMTAB = 6
    RELA = 7
    RELASZ = 8
    STRSZ = 10
    INIT = 12
    FINI = 13
    SONAME = 14
    RPATH = 15
    REL = 17
    PLTREL = 20
    TEXTREL = 22
    JMPREL = 23
    INIT_ARRAY = 25
    FINI_ARRAY = 26
    INIT_ARRAYSZ = 27
    FINI_ARRAYSZ = 28
    RUNPATH = 29
    FLAGS = 30
    RELRSZ = 35
    RELR = 36
    GNU_HASH = 0x6FFFFEF5
    VERSYM = 0x6FFFFFF0
    VERNEED = 0x6FFFFFFE
    VERNEEDNUM = 0x6FFFFFFF


_TEXTREL_FLAG: Final = 4


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
    SECTION = 3
    FILE = 4
    TLS = 6
    IFUNC = 10


LOCAL: Final = 0
WEAK: Final = 2
ABSOLUTE: Final = 0xFFF1
"""Section number of symbols that are numbers and not places."""
_EXPORTED_VISIBILITIES: Final = (0, 3)
_EXPORTED_BINDINGS: Final = (1, 2, 10)
_HIDDEN_VERSION: Final = 0x8000


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObject:
    """A shared object. Addresses are its own, from 0."""

    name: str
    """Where it is in the executable."""
    package: str | None
    """The package that brought it, for messages."""
    data: memoryview = field(repr=False)
    elf: Elf = field(repr=False)
    loads: tuple[Segment, ...]
    span: int
    """Bytes of memory it takes."""
    alignment: int
    dynamic_at: int
    dynamic: Mapping[int, int] = field(repr=False)
    """Tags of the dynamic section but NEEDED."""
    needed: tuple[str, ...]
    soname: str | None
    search: tuple[str, ...]
    """Folders that its RUNPATH or RPATH names."""
    symbols: tuple[Symbol, ...] = field(repr=False)
    exports: Mapping[bytes, Symbol] = field(repr=False)
    relocations: tuple[memoryview, ...] = field(repr=False)
    """Tables of RELA entries."""
    relative: memoryview = field(repr=False)
    """Its RELR table."""
    tls: Segment | None
    relro: tuple[int, int] | None
    """What becomes read-only when it is relocated: from, to; whole pages."""

    def __str__(self) -> str:
        """Name the object, for messages."""
        return f"`{self.name}` of {self.package}" if self.package else f"`{self.name}`"

    def read(self, address: int, size: int) -> memoryview:
        """Return bytes of the file by their address; raise `LinkError` where there are none."""
        return _at(self.data, self.loads, address, size)

    def tag(self, tag: int) -> int:
        """Return the value of a tag, 0 without it."""
        return self.dynamic.get(tag, 0)


def read_object(name: str, package: str | None, data: memoryview, machine: Machine) -> SharedObject:
    """Read a shared object; raise `LinkError` that names it when it cannot be linked in."""
    try:
        return _read(name, package, data, machine)
    except LinkError as error:
        owner = f" of {package}" if package else ""
        message = f"`{name}`{owner}: {error}"
        raise LinkError(message) from error


def _read(name: str, package: str | None, data: memoryview, machine: Machine) -> SharedObject:
    elf = read_elf(data)
    _check_header(elf, machine)
    loads = tuple(one for one in elf.segments if one.type == SegmentType.LOAD)
    _check_segments(loads)
    dynamic_at, dynamic, needed_at = _read_dynamic(data, elf, loads)
    strings = bytes(_at(data, loads, dynamic.get(Tag.STRTAB, 0), dynamic.get(Tag.STRSZ, 0)))
    needed = tuple(_text(strings, place) for place in needed_at)
    _check_libc(data, loads, dynamic, strings, needed)
    _check_dynamic(dynamic)
    _check_functions(data, loads, dynamic)
    tables = _relocation_tables(data, loads, dynamic)
    symbols, hashed_from = _read_symbols(data, loads, dynamic, strings, tables)
    return SharedObject(
        name=name,
        package=package,
        data=data,
        elf=elf,
        loads=loads,
        span=max(one.address + one.memory_size for one in loads),
        alignment=_alignment(elf, loads),
        dynamic_at=dynamic_at,
        dynamic=dynamic,
        needed=needed,
        soname=_text(strings, dynamic[Tag.SONAME]) if Tag.SONAME in dynamic else None,
        search=_search(dynamic, strings),
        symbols=symbols,
        exports=_exports(data, loads, dynamic, symbols, hashed_from),
        relocations=tables,
        relative=_at(data, loads, dynamic.get(Tag.RELR, 0), dynamic.get(Tag.RELRSZ, 0)),
        tls=_tls(elf, data, loads),
        relro=_relro(elf),
    )


def _check_header(elf: Elf, machine: Machine) -> None:
    if elf.header.machine != machine.number:
        message = (
            f"it is for another machine (ELF machine {elf.header.machine}), not {machine.name}"
        )
        raise LinkError(message)
    if elf.header.type != _SHARED or any(s.type == SegmentType.INTERP for s in elf.segments):
        message = "it is not a shared object"
        raise LinkError(message)


def _check_segments(loads: tuple[Segment, ...]) -> None:
    if not loads or loads[0].address != 0 or loads[0].offset != 0:
        message = "its first segment does not begin at address 0"
        raise LinkError(message)
    end = 0
    for one in loads:
        if one.writable and one.executable:
            message = "it has a segment that is both writable and executable"
            raise LinkError(message)
        if one.address // PAGE * PAGE < end or one.file_size > one.memory_size:
            message = "its segments overlap"
            raise LinkError(message)
        end = _page_up(one.address + one.memory_size)
    if end > _LARGEST:
        message = f"it takes {end >> 20} MiB of memory"
        raise LinkError(message)


def _check_libc(
    data: memoryview,
    loads: tuple[Segment, ...],
    dynamic: Mapping[int, int],
    strings: bytes,
    needed: tuple[str, ...],
) -> None:
    sign = next(
        (one for one in needed if one in _GLIBC_LIBRARIES or one.startswith("ld-linux")),
        None,
    ) or _glibc_version(data, loads, dynamic, strings)
    if sign is not None:
        message = f"it was built for glibc (it needs {sign}), not for musl"
        raise LinkError(message)


def _glibc_version(
    data: memoryview, loads: tuple[Segment, ...], dynamic: Mapping[int, int], strings: bytes
) -> str | None:
    """Return a version of glibc's symbols that the object asks for; not all name the library."""
    address = dynamic.get(Tag.VERNEED, 0)
    for _ in range(min(dynamic.get(Tag.VERNEEDNUM, 0), 1000)):
        _, count, _, names_at, following = _NEED.unpack(_at(data, loads, address, _NEED.size))
        place = address + names_at
        for _ in range(count):
            *_, name, step = _NEED_NAME.unpack(_at(data, loads, place, _NEED_NAME.size))
            text = _text(strings, name)
            if text.startswith("GLIBC_"):
                return text
            place += step
        address += following
    return None


def _check_dynamic(dynamic: Mapping[int, int]) -> None:
    if Tag.TEXTREL in dynamic or dynamic.get(Tag.FLAGS, 0) & _TEXTREL_FLAG:
        message = "it has text relocations: its code would have to be written to"
        raise LinkError(message, hint="build it with `-fPIC`")
    if Tag.REL in dynamic or dynamic.get(Tag.PLTREL, Tag.RELA) != Tag.RELA:
        message = "it has relocations without addends, which this machine does not use"
        raise LinkError(message)
    if Tag.GNU_HASH not in dynamic:
        message = "it has no GNU hash table of its symbols"
        raise LinkError(message, hint="link it with `--hash-style=gnu` or `both`")


def _check_functions(
    data: memoryview, loads: tuple[Segment, ...], dynamic: Mapping[int, int]
) -> None:
    """Refuse constructors and destructors that are not where they could be called."""
    for start, size in (
        (Tag.INIT_ARRAY, Tag.INIT_ARRAYSZ),
        (Tag.FINI_ARRAY, Tag.FINI_ARRAYSZ),
    ):
        _at(data, loads, dynamic.get(start, 0), dynamic.get(size, 0))
    for tag in (Tag.INIT, Tag.FINI):
        place = dynamic.get(tag, 0)
        if place and not any(
            one.executable and one.address <= place < one.address + one.file_size for one in loads
        ):
            message = "its constructor or destructor is not in its code"
            raise LinkError(message)


def _read_dynamic(
    data: memoryview, elf: Elf, loads: tuple[Segment, ...]
) -> tuple[int, dict[int, int], list[int]]:
    table = next((one for one in elf.segments if one.type == SegmentType.DYNAMIC), None)
    if table is None:
        message = "it has no dynamic section"
        raise LinkError(message)
    content = _at(data, loads, table.address, table.file_size // _DYNAMIC.size * _DYNAMIC.size)
    dynamic: dict[int, int] = {}
    needed = []
    for tag, value in _DYNAMIC.iter_unpack(content):
        if tag == 0:
            break
        if tag == Tag.NEEDED:
            needed.append(value)
        else:
            dynamic.setdefault(tag, value)
    return table.address, dynamic, needed


def _relocation_tables(
    data: memoryview, loads: tuple[Segment, ...], dynamic: Mapping[int, int]
) -> tuple[memoryview, ...]:
    tables = []
    for start, size in ((Tag.RELA, Tag.RELASZ), (Tag.JMPREL, Tag.PLTRELSZ)):
        length = dynamic.get(size, 0)
        if length % 24:
            message = "its table of relocations is damaged"
            raise LinkError(message)
        if length:
            tables.append(_at(data, loads, dynamic.get(start, 0), length))
    return tuple(tables)


def _read_symbols(
    data: memoryview,
    loads: tuple[Segment, ...],
    dynamic: Mapping[int, int],
    strings: bytes,
    tables: tuple[memoryview, ...],
) -> tuple[tuple[Symbol, ...], int]:
    """Return all symbols and the number of the first that the hash table has.

    Nothing says how many there are: all that are hashed, and all that relocations name.
    """
    first, count = _hashed(data, loads, dynamic[Tag.GNU_HASH])
    for table in tables:
        for number in table.cast("I")[3::6]:
            count = max(count, number + 1)
    content = _at(data, loads, dynamic.get(Tag.SYMTAB, 0), count * _SYMBOL.size)
    symbols = []
    find, end = strings.find, len(strings)
    for name, info, other, section, value, size in _SYMBOL.iter_unpack(content):
        stop = find(0, name) if name < end else -1
        if stop < 0:
            message = "the name of a symbol is not in its table of strings"
            raise LinkError(message)
        symbols.append(
            Symbol(strings[name:stop], info & 15, info >> 4, other & 3, section, value, size)
        )
    return tuple(symbols), first


def _hashed(data: memoryview, loads: tuple[Segment, ...], address: int) -> tuple[int, int]:
    """Return the first symbol that a GNU hash table holds, and the one after the last."""
    bucket_count, first, filter_size, _ = struct.unpack("<IIII", _at(data, loads, address, 16))
    if not bucket_count or filter_size & (filter_size - 1) or not filter_size:
        message = "its hash table of symbols is damaged"
        raise LinkError(message)
    buckets_at = address + 16 + 8 * filter_size
    buckets = _at(data, loads, buckets_at, 4 * bucket_count).cast("I")
    last = max(buckets)
    if last < first:
        return first, first
    chain_at = buckets_at + 4 * bucket_count
    rest = _rest_of_segment(data, loads, chain_at + 4 * (last - first))
    chain = rest[: len(rest) // 4 * 4].cast("I")
    for steps, value in enumerate(chain):
        if value & 1:
            return first, last + steps + 1
    message = "its hash table of symbols does not end"
    raise LinkError(message)


def _exports(
    data: memoryview,
    loads: tuple[Segment, ...],
    dynamic: Mapping[int, int],
    symbols: tuple[Symbol, ...],
    hashed_from: int,
) -> dict[bytes, Symbol]:
    versions = None
    if Tag.VERSYM in dynamic:
        versions = _at(data, loads, dynamic[Tag.VERSYM], 2 * len(symbols)).cast("H")
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
                message = f"`{symbol.name.decode()}` is chosen at start (IFUNC)"
                raise LinkError(message)
            exports.setdefault(symbol.name, symbol)
    return exports


def _search(dynamic: Mapping[int, int], strings: bytes) -> tuple[str, ...]:
    place = dynamic.get(Tag.RUNPATH, dynamic.get(Tag.RPATH))
    return tuple(one for one in _text(strings, place).split(":") if one) if place else ()


def _alignment(elf: Elf, loads: tuple[Segment, ...]) -> int:
    """Return what the object's address must be a multiple of.

    Old linkers align segments to the largest page of any system; what matters is in the sections.
    """
    if elf.sections:
        wanted = max(one.alignment for one in elf.sections)
    else:
        wanted = max(one.alignment for one in loads)
    if wanted & (wanted - 1) or wanted > _LARGEST:
        message = f"it asks for an alignment of {wanted} bytes"
        raise LinkError(message)
    return max(wanted, PAGE)


def _tls(elf: Elf, data: memoryview, loads: tuple[Segment, ...]) -> Segment | None:
    found = next((one for one in elf.segments if one.type == SegmentType.TLS), None)
    if found is None or not found.memory_size:
        return None
    alignment = found.alignment
    if (
        found.file_size > found.memory_size
        or found.memory_size > _LARGEST
        or alignment & (alignment - 1)
    ):
        message = "its thread-local variables are described wrongly"
        raise LinkError(message)
    _at(data, loads, found.address, found.file_size)
    return found


def _relro(elf: Elf) -> tuple[int, int] | None:
    found = next((one for one in elf.segments if one.type == SegmentType.RELRO), None)
    if found is None:
        return None
    # As musl does: only whole pages at the end, and the first page whole.
    start = found.address // PAGE * PAGE
    end = (found.address + found.memory_size) // PAGE * PAGE
    return (start, end) if start < end else None


def _at(data: memoryview, loads: tuple[Segment, ...], address: int, size: int) -> memoryview:
    """Return `size` bytes at an address, which must be in the file part of one segment."""
    if size == 0:
        return data[:0]
    for one in loads:
        if one.address <= address and address + size <= one.address + one.file_size:
            start = one.offset + address - one.address
            if start + size <= len(data):
                return data[start : start + size]
    message = f"it refers to {size} bytes at {address:#x}, which are not in the file"
    raise LinkError(message)


def _rest_of_segment(data: memoryview, loads: tuple[Segment, ...], address: int) -> memoryview:
    for one in loads:
        if one.address <= address < one.address + one.file_size:
            return _at(data, loads, address, one.address + one.file_size - address)
    return data[:0]


def _text(strings: bytes, place: int) -> str:
    stop = strings.find(0, place) if place < len(strings) else -1
    if stop < 0:
        message = "a name is not in its table of strings"
        raise LinkError(message)
    return strings[place:stop].decode(errors="replace")


def _page_up(value: int) -> int:
    return -(-value // PAGE) * PAGE
