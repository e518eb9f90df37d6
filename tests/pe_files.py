"""Tiny PE files: a runtime that returns at once, and executables made of it, for the tests."""

import hashlib
import json
import struct

from obelisk.link.pe.executable import link_pe
from obelisk.payload.payload import Item, Kind, pack_payload
from obelisk.pe.appearance import PLAIN
from obelisk.pe.checksum import checksum_of

CODE, DATA, RELOCATIONS = 0x1000, 0x2000, 0x3000
"""Addresses of the runtime's sections; each has one block of 512 bytes in the file, from 0x400."""
OPTIONAL = 0x80 + 24
"""Where the optional header is in the file."""
TABLE = OPTIONAL + 240
FLAGS = 0x8160
MANIFEST = {
    "version": 2,
    "obelisk": "1.0",
    "components": [
        {"reference": "pkg:generic/cpython@3.14", "kind": "interpreter", "name": "cpython"}
    ],
}


def section(name, address, offset, flags, size=0x200):
    return struct.pack("<8sIIIIIIHHI", name, size, address, 0x200, offset, 0, 0, 0, 0, flags)


def imports(*names):
    """The content of the data section: a table of libraries, and no functions of them."""
    texts = DATA + 20 * (len(names) + 1)
    rows, text = b"", b""
    for name in names:
        rows += struct.pack("<IIIII", 0, 0, 0, texts + len(text), 0)
        text += name.encode() + b"\0"
    return rows + bytes(20) + text


def tiny_runtime(*libraries, timestamp=0):
    """A PE32+ file with code, imports of libraries, and relocations."""
    libraries = libraries or ("KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll")
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    coff = struct.pack("<HHIIIHH", 0x8664, 3, timestamp, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0x200, 0x400, 0, CODE, CODE)
    optional += struct.pack("<QII", 0x140000000, 0x1000, 0x200)
    optional += struct.pack("<HHHHHHIIII", 10, 0, 0, 0, 10, 0, 0, 0x4000, 0x400, 0)
    optional += struct.pack("<HHQQQQII", 3, FLAGS, 1 << 23, 4096, 1 << 20, 4096, 0, 16)
    directories = [(0, 0)] * 16
    directories[1], directories[5] = (DATA, 20 * (len(libraries) + 1)), (RELOCATIONS, 12)
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    head = dos.ljust(0x80, b"\0") + b"PE\0\0" + coff + optional
    head += section(b".text", CODE, 0x400, 0x60000020)
    head += section(b".rdata", DATA, 0x600, 0x40000040)
    head += section(b".reloc", RELOCATIONS, 0x800, 0x42000040)
    body = [b"\xc3", imports(*libraries), struct.pack("<IIHH", DATA, 12, 0, 0)]
    return head.ljust(0x400, b"\0") + b"".join(part.ljust(0x200, b"\0") for part in body)


def payload(files=(("a.txt", b"content"),), manifest=MANIFEST):
    items = [Item(name=name, kind=Kind.FILE, data=data) for name, data in files]
    return pack_payload([], items, {"manifest": json.dumps(manifest).encode()})


def write(path, packed=None, appearance=PLAIN, runtime=None):
    """Write an executable and return its path."""
    with path.open("wb") as file:
        link_pe(runtime or tiny_runtime(), packed or payload(), appearance).write(file)
    return path


def seal(data):
    """Make the digest and the checksum of changed bytes right again."""
    place = data.rfind(b"\x89OBDIGEST")
    head = struct.Struct("<16sIIQIIQ")
    *_, own, count, blocks, names = head.unpack_from(data, place)
    tables = place + head.size + 32
    starts = [struct.unpack_from("<Q", data, tables + 16 * number)[0] for number in range(count)]
    hashes = tables + 16 * count
    changed = bytearray(data)
    changed[OPTIONAL + 64 : OPTIONAL + 68] = bytes(4)
    changed[OPTIONAL + 112 + 32 : OPTIONAL + 112 + 40] = bytes(8)
    for start, stop in zip(starts, [*starts[1:], own], strict=True):
        for first in range(start, stop, 65536):
            content = changed[first : min(first + 65536, stop)]
            data[hashes : hashes + 32] = hashlib.sha256(content).digest()
            hashes += 32
    end = tables + 16 * count + 32 * blocks + names
    root = hashlib.sha256(data[place : place + head.size] + data[tables:end])
    data[tables - 32 : tables] = root.digest()
    put_checksum(data)


def put_checksum(data):
    value = checksum_of(memoryview(bytes(data)), OPTIONAL + 64)
    struct.pack_into("<I", data, OPTIONAL + 64, value)


def dll(
    name="ext",
    imported=(("python314.dll", ("PyFoo_Add",)), ("KERNEL32.dll", ("Sleep",))),
    tls=0,
    flags=0x2022,
    code=0x60000020,
    data=0xC0000040,
):
    """A library with code that is unwound, a pointer that is relocated, imports and one export.

    Its data section, at 0x2000, begins with the pointer; the tables follow it.
    """
    body = bytearray(0x1000)
    struct.pack_into("<Q", body, 0, 0x180000000 + 0x1000)
    place, rows = 0x400, b""
    for library, symbols in imported:
        texts = []
        for symbol in symbols:
            text = struct.pack("<H", 0) + symbol.encode() + b"\0"
            body[place : place + len(text)] = text
            texts.append(0x2000 + place)
            place += len(text) + len(text) % 2
        place = -(-place // 8) * 8
        table = struct.pack(f"<{len(texts) + 1}Q", *texts, 0)
        lookup = 0x2000 + place
        body[place : place + len(table)] = table
        place += len(table)
        filled = 0x2000 + place
        body[place : place + len(table)] = table
        place += len(table)
        text = library.encode() + b"\0"
        body[place : place + len(text)] = text
        rows += struct.pack("<IIIII", lookup, 0, 0, 0x2000 + place, filled)
        place = -(-(place + len(text)) // 8) * 8
    rows += bytes(20)
    body[0x100 : 0x100 + len(rows)] = rows
    text = f"PyInit_{name}".encode() + b"\0"
    exported = struct.pack(
        "<IIHHIIIIIII", 0, 0, 0, 0, 0, 1, 1, 1, 0x2200 + 40, 0x2200 + 44, 0x2200 + 48
    )
    exported += struct.pack("<IIH", 0x1000, 0x2200 + 50, 0) + text
    body[0x200 : 0x200 + len(exported)] = exported
    struct.pack_into("<III", body, 0x300, 0x1000, 0x1010, 0x2320)
    body[0x320:0x328] = struct.pack("<BBBBI", 1 | 1 << 3, 0, 0, 0, 0x1008)  # with a handler
    struct.pack_into("<IIHH", body, 0x340, 0x2000, 12, 10 << 12, 0)
    struct.pack_into("<QQQQII", body, 0x360, 0x1000, 0x1000 + tls, 0, 0, 0, 0)
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    coff = struct.pack("<HHIIIHH", 0x8664, 2, 0, 0, 0, 240, flags)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0x200, 0x1000, 0, 0x1000, 0x1000)
    optional += struct.pack("<QII", 0x180000000, 0x1000, 0x200)
    optional += struct.pack("<HHHHHHIIII", 10, 0, 0, 0, 10, 0, 0, 0x3000, 0x400, 0)
    optional += struct.pack("<HHQQQQII", 3, 0x160, 0, 0, 0, 0, 0, 16)
    directories = [(0, 0)] * 16
    directories[0], directories[1] = (0x2200, 0x80), (0x2100, len(rows))
    directories[3], directories[5] = (0x2300, 12), (0x2340, 12)
    directories[9] = (0x2360, 40) if tls else (0, 0)
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    head = dos.ljust(0x80, b"\0") + b"PE\0\0" + coff + optional
    head += section(b".text", 0x1000, 0x400, code)
    head += struct.pack("<8sIIIIIIHHI", b".data", 0x1000, 0x2000, 0x1000, 0x600, 0, 0, 0, 0, data)
    return head.ljust(0x400, b"\0") + b"\xc3".ljust(0x200, b"\0") + bytes(body)


def exporting_runtime(*names):
    """A runtime whose data section exports names, all at the beginning of its code."""
    data = bytearray(tiny_runtime())
    texts, place = [], 0x100 + 40 + 10 * len(names)
    for name in names:
        texts.append(DATA + place)
        data[0x600 + place : 0x600 + place + len(name)] = name.encode()
        place += len(name) + 1
    count, at = len(names), DATA + 0x100 + 40
    places = (at, at + 4 * count, at + 8 * count)
    table = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, 0, 1, count, count, *places)
    table += struct.pack(f"<{count}I", *[CODE] * count) + struct.pack(f"<{count}I", *texts)
    table += struct.pack(f"<{count}H", *range(count))
    data[0x700 : 0x700 + len(table)] = table
    struct.pack_into("<II", data, OPTIONAL + 112, DATA + 0x100, place - 0x100)
    return bytes(data)
