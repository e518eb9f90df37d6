"""Small ELF files for tests of the linker, made byte by byte: no compiler is asked.

Parts with rights of their own are 64 KiB apart, the largest page that a machine has.
"""

import struct
from functools import partial

from obelisk.target import DEFAULT_TARGET, parse_target

CODE = 0x10000
DYNAMIC = 0x20000
DATA = 0x20100
"""Address of a shared object's data; its dynamic section is before it."""
TLS_AT = 0x20F00

RELATIVE, SYMBOL, SLOT, MODULE, IN_MODULE, IN_THREAD, DESCRIPTOR, IFUNC = (
    *("relative", "symbol", "slot", "module", "in-module", "in-thread", "descriptor", "ifunc"),
)
"""Kinds of relocations, whose numbers each machine has of its own."""
_NUMBERS = {
    "EM_X86_64": dict(zip((RELATIVE, SYMBOL, SLOT), (8, 1, 6), strict=True))
    | dict(zip((MODULE, IN_MODULE, IN_THREAD), (16, 17, 18), strict=True))
    | {DESCRIPTOR: 36, IFUNC: 37},
    "EM_AARCH64": dict(zip((RELATIVE, SYMBOL, SLOT), (1027, 257, 1026), strict=True))
    | dict(zip((MODULE, IN_MODULE, IN_THREAD), (1028, 1029, 1030), strict=True))
    | {DESCRIPTOR: 1031, IFUNC: 1032},
}
FUNCTION, OBJECT, TLS, IFUNC_KIND = 2, 1, 6, 10
GLOBAL, WEAK = 1, 2


def header(machine=62, kind=3, segments=0, sections_at=0, sections=0, names=0, segments_at=64):
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(ident, kind, machine, 1, 0, segments_at, sections_at, 0),
        *(64, 56, segments, 64, sections, names),
    )


def segment(kind, flags, address, size, memory=None, align=0x10000, offset=None):
    memory = size if memory is None else memory
    offset = address if offset is None else offset
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, memory, align)


def behind_zeros(bss):
    """Address of a shared object's last segment, behind `bss` zeros: patchelf adds such."""
    return -(-(DATA + bss) // 0x10000) * 0x10000 + 0x10000


def strings_of(names):
    table, places = b"\0", {}
    for name in names:
        places[name] = len(table)
        table += name.encode() + b"\0"
    return table, places


def gnu_hash(name):
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def hash_table(undefined, exported):
    """One bucket for all; the filter lets everything through."""
    first = 1 + len(undefined)
    table = struct.pack("<IIIIQI", 1, first, 1, 0, (1 << 64) - 1, first if exported else 0)
    for number, name in enumerate(exported, 1):
        table += struct.pack("<I", gnu_hash(name) & ~1 | (number == len(exported)))
    return table


def shared_object(
    exports=None,
    imports=(),
    relocations=(),
    data=b"",
    bss=0,
    behind=b"",
    needed=(),
    tags=(),
    tls=None,
    relr=(),
    name="x.so",
    versions=(),
    versions_of="libc.so",
    target=None,
    **head,
):
    """Return the bytes of a shared object for `target`, or the default one.

    `exports` are {name: (address, kind)}; `imports` names or (name, binding); `relocations`
    (address, type, name or number, addend); `tls` (initial bytes, size, alignment); `tags`
    (tag, value), whose value may be a text; `behind` the content of a segment behind `bss`.
    """
    target = target or parse_target(DEFAULT_TARGET)
    kinds = _NUMBERS[target.elf_machine]
    exports = exports or {}
    imports = [(one, GLOBAL) if isinstance(one, str) else one for one in imports]
    texts = [value for _, value in tags if isinstance(value, str)]
    words = [*(one for one, _ in imports), *exports, *needed, *texts, name, *versions, versions_of]
    strings, places = strings_of(words)
    symbols = bytes(24)
    for one, binding in imports:
        symbols += struct.pack("<IBBHQQ", places[one], binding << 4, 0, 0, 0, 0)
    for one, (address, kind) in exports.items():
        symbols += struct.pack("<IBBHQQ", places[one], GLOBAL << 4 | kind, 0, 1, address, 8)
    numbers = {one: 1 + n for n, one in enumerate([*(i for i, _ in imports), *exports])}
    rela = b"".join(
        struct.pack("<QQq", place, numbers.get(one, one or 0) << 32 | kinds.get(kind, kind), addend)
        for place, kind, one, addend in relocations
    )
    content, at = b"", {}
    for key, part in (
        ("symbols", symbols),
        ("hash", hash_table(imports, list(exports))),
        ("rela", rela),
        ("relr", b"".join(struct.pack("<Q", word) for word in relr)),
        ("strings", strings),
        ("versions", _version_needs([places[one] for one in versions], places[versions_of])),
    ):
        content += bytes(-len(content) % 8)
        at[key] = 0x400 + len(content)
        content += part
    dynamic = [(1, places[one]) for one in needed] + [(14, places[name])]
    dynamic += [
        (5, at["strings"]),
        (10, len(strings)),
        (6, at["symbols"]),
        (0x6FFFFEF5, at["hash"]),
    ]
    dynamic += [(7, at["rela"]), (8, len(rela))] if rela else []
    dynamic += [(36, at["relr"]), (35, 8 * len(relr))] if relr else []
    dynamic += [(0x6FFFFFFE, at["versions"]), (0x6FFFFFFF, 1)] if versions else []
    dynamic += [(tag, places.get(value, value)) for tag, value in tags]
    table = b"".join(struct.pack("<qQ", *one) for one in [*dynamic, (0, 0)])
    image, size, alignment = tls or (b"", 0, 1)
    used = 0x1000 if image else DATA - DYNAMIC + len(data)
    segments = [
        segment(1, 4, 0, 0x400 + len(content)),
        segment(1, head.pop("code_flags", 5), CODE, 16),
        segment(1, 6, DYNAMIC, used, used + bss),
        *(
            [
                segment(
                    1, head.pop("behind_flags", 6), behind_zeros(bss), len(behind), offset=0x30000
                )
            ]
            if behind
            else []
        ),
        segment(2, 6, DYNAMIC, len(table), align=8),
        *([segment(7, 4, TLS_AT, len(image), size, alignment)] if tls else []),
        *([segment(3, 4, 0x400, 8)] if head.pop("interpreter", False) else []),
    ]
    head.setdefault("machine", target.elf_number)
    file = (header(segments=len(segments), **head) + b"".join(segments)).ljust(0x400, b"\0")
    file = (file + content).ljust(CODE, b"\0") + b"\xc3" * 16
    file = (file.ljust(DYNAMIC, b"\0") + table).ljust(DATA, b"\0") + data
    if behind:
        return file.ljust(0x30000, b"\0") + behind
    return file.ljust(TLS_AT, b"\0") + image.ljust(0x100, b"\0") if image else file


def _version_needs(names, file):
    if not names:
        return b""
    table = struct.pack("<HHIII", 1, len(names), file, 16, 0)
    return table + b"".join(struct.pack("<IHHII", 0, 0, 2, name, 16) for name in names)


RUNTIME_SYMBOLS = {
    "malloc": (0x500, FUNCTION),
    "open": (0x510, FUNCTION),
    "__wrap_open": (0x520, FUNCTION),
    "stat": (0x530, FUNCTION),
    "PyLong_FromLong": (0x540, FUNCTION),
    "obelisk_tls_descriptor": (0x550, FUNCTION),
    "obelisk_tls_pool": (0x20, TLS),
}
RUNTIME_RELR = (0x708, 0x760)
"""Addresses of the runtime's own relative relocations; the second is in its TLS image."""


def runtime(symbols=None, pool=0x200, target=None):
    """Return an ELF file with what `link` needs of a runtime, in the memory from 0 to 0x1800.

    Its thread-local block is at 0x760: 16 bytes with initial values, then `pool` bytes of room.
    """
    target = target or parse_target(DEFAULT_TARGET)
    symbols = RUNTIME_SYMBOLS if symbols is None else symbols
    reserve, count = 896, 7
    note = 64 + 56 * count
    segments = [
        segment(6, 4, 64, 56 * count, align=8),
        segment(1, 6, 0, 0xC00, 0x1800),
        segment(0x6474E552, 4, 0x700, 16, align=1),
        segment(0x6474E551, 6, 0, 0),
        segment(2, 6, 0x800, 64, align=8),
        segment(7, 4, 0x760, 16, 0x20 + pool, align=64),
        segment(4, 4, note, reserve, align=8),
    ]
    strings, places = strings_of(symbols)
    table = bytes(24)
    for name, (address, kind) in symbols.items():
        size = pool if name == "obelisk_tls_pool" else 16
        table += struct.pack("<IBBHQQ", places[name], GLOBAL << 4 | kind, 0, 1, address, size)
    relr = struct.pack("<QQ", *RUNTIME_RELR)
    dynamic = struct.pack("<qQqQqQqQ", 36, 0x880, 35, len(relr), 30, 8, 0, 0)
    names = b"\0.note.obelisk\0.shstrtab\0.dynsym\0.dynstr\0"

    def section(name, kind, address, offset, size, strings=0):
        entry = 24 if strings else 0
        return struct.pack(
            "<IIQQQQIIQQ", names.index(name), kind, 2, address, offset, size, strings, 0, 8, entry
        )

    head_size = 0x800
    parts = {0x800: dynamic, 0x880: relr, 0x8C0: table, 0xA80: strings}
    body = bytearray(b"".join([header(segments=count), *segments]).ljust(0xC00, b"\0"))
    for place, part in parts.items():
        body[place : place + len(part)] = part
    body[0x760:0x770] = struct.pack("<QQ", 0x500, 7)
    sections = [
        bytes(64),
        section(b".note.obelisk", 7, note, note, reserve),
        section(b".shstrtab", 3, 0, len(body), len(names)),
        section(b".dynsym", 11, 0x8C0, 0x8C0, len(table), 4),
        section(b".dynstr", 3, 0xA80, 0xA80, len(strings)),
    ]
    assert note + reserve <= head_size
    body[:64] = header(
        machine=target.elf_number,
        segments=count,
        sections_at=len(body) + len(names),
        sections=len(sections),
        names=2,
    )
    return bytes(body) + names + b"".join(sections)


class Elf:
    """Makes files for one target."""

    def __init__(self, target):
        self.target = target
        self.shared_object = partial(shared_object, target=target)
        self.runtime = partial(runtime, target=target)

    def user(self, *names, needed=(), **more):
        """Return an object that uses names."""
        slots = [(DATA + 8 * n, SLOT, name, 0) for n, name in enumerate(names)]
        return self.shared_object(
            imports=names, relocations=slots, data=bytes(64), needed=needed, name="user.so", **more
        )

    def library(self, name, *exports, **more):
        """Return an object that defines names."""
        return self.shared_object(
            exports=dict.fromkeys(exports, (CODE, FUNCTION)), name=name, **more
        )

    def tls_user(self, exports=None, **more):
        """Return an object with all kinds of relocations for thread-local variables."""
        return self.shared_object(
            exports=exports or {},
            relocations=[
                (DATA, IN_THREAD, None, 4),
                (DATA + 8, MODULE, None, 0),
                (DATA + 24, DESCRIPTOR, None, 2),
                *((DATA + 40 + 16 * n, MODULE, name, 0) for n, name in enumerate(exports or {})),
                *((DATA + 48 + 16 * n, IN_MODULE, name, 0) for n, name in enumerate(exports or {})),
            ],
            data=bytes(16) + struct.pack("<Q", 6) + bytes(80),
            **more,
        )


def with_sections(contents):
    """Return a file of machine code that has sections alone: their contents, by their names."""
    names, places = strings_of([*contents, ".shstrtab"])
    body, rows = b"", [bytes(64)]
    for name, data in {**contents, ".shstrtab": names}.items():
        flags = 2 if name == ".rodata" else 0
        kind = 3 if name == ".shstrtab" else 1
        place = 64 + len(body)
        rows.append(
            struct.pack("<IIQQQQIIQQ", places[name], kind, flags, 0, place, len(data), 0, 0, 1, 0)
        )
        body += data
    head = header(sections_at=64 + len(body), sections=len(rows), names=len(rows) - 1)
    return head + body + b"".join(rows)
