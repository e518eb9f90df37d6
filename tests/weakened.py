"""Executables that are damaged or weakened on purpose, with the checksums made right again.

What changes an executable with a tool of its own would do that as well: a promise must not hold
only because a checksum of something else is wrong.
"""

import hashlib
import json
import struct
from copy import copy

import xxhash

from obelisk.verify.digest import find_digest
from obelisk.verify.dynamic import address_of, dynamic_entries
from obelisk.verify.executable import map_file
from obelisk.verify.headers import read_headers
from obelisk.verify.memory import Memory

BLOCK = 64 * 1024
PHDR = struct.Struct("<IIQQQQQQ")
FIELDS = ("kind", "flags", "offset", "address", "physical", "file_size", "memory_size", "alignment")
LOAD, DYNAMIC, INTERP, STACK, RELRO = 1, 2, 3, 0x6474E551, 0x6474E552
PAYLOAD, OBJECTS = 0x6F626C6B, 0x6F626C6D
RECORD = struct.Struct("<QQQQQQQIHBB")
HEADER = struct.Struct("<12sIQQQQQQQQQ")
CHECK_AT = 32
OBJECT_SIZE, OBJECT_CHECK = 200, 160


class Image:
    """The bytes of an executable, to be weakened."""

    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        whole = map_file(path)
        self.digest = find_digest(whole)
        self.headers = read_headers(whole)
        self.memory = Memory(whole, self.headers.loads)

    def copy(self):
        """Another one to weaken; what was read of the whole file is shared."""
        other = copy(self)
        other.data = bytearray(self.data)
        return other

    # ELF

    def segment(self, number):
        (start,) = struct.unpack_from("<Q", self.data, 32)
        place = start + number * PHDR.size
        return place, dict(zip(FIELDS, PHDR.unpack_from(self.data, place), strict=True))

    def find(self, kind, flags=None):
        """The number of the first segment of a kind, of those with these flags."""
        return next(
            one.number
            for one in self.headers.segments
            if one.kind == kind and flags in (None, one.flags)
        )

    def change(self, number, **fields):
        place, known = self.segment(number)
        PHDR.pack_into(self.data, place, *(known | fields).values())

    def put(self, place, content):
        self.data[place : place + len(content)] = content

    def pack(self, place, form, value):
        struct.pack_into(form, self.data, place, value)

    def add_dynamic(self, tag, value):
        """Put an entry in place of the last one that a static program can be without."""
        segment = next(one for one in self.headers.segments if one.kind == DYNAMIC)
        entries = dynamic_entries(self.headers, self.memory)
        wanted = next(
            n for n, (known, _) in enumerate(entries) if known in (21, 0x6FFFFFFB, 30, 24)
        )
        self.put(segment.offset + 16 * wanted, struct.pack("<qQ", tag, value))

    def offset_of(self, address):
        load = next(o for o in self.headers.loads if o.address <= address < o.memory_end)
        return load.offset + address - load.address

    def exported(self, name):
        """The address of a function."""
        return address_of(name, dict(dynamic_entries(self.headers, self.memory)), self.memory)

    def code(self):
        """(start, end) of the runtime's largest piece of code."""
        return max(
            ((one.offset, one.file_end) for one in self.headers.loads if one.flags == 5),
            key=lambda span: span[1] - span[0],
        )

    # Payload

    @property
    def payload(self):
        return self.headers.segments[self.find(PAYLOAD)].offset

    def record(self, name, table):
        """The place of a record in the file; tables are 0 modules, 1 files, 2 controls."""
        fields = HEADER.unpack_from(self.data, self.payload)
        names_at, (at, count) = fields[3], fields[5 + 2 * table : 7 + 2 * table]
        folder, _, own = name.rpartition("/")
        key = own.encode() if table == 2 else f"{folder}\0{own}".encode()
        for number in range(count):
            place = self.payload + at + number * RECORD.size
            *_, start, size, _, _ = RECORD.unpack_from(self.data, place)
            start += self.payload + names_at
            if self.data[start : start + size] == key:
                return place
        raise LookupError(name)

    def stored(self, record):
        """(start, end) of a record's bytes in the file."""
        offset, size, *_ = RECORD.unpack_from(self.data, record)
        return self.payload + offset, self.payload + offset + size

    def seal_record(self, record):
        """Make the checksum of a record's bytes right."""
        start, end = self.stored(record)
        (own,) = struct.unpack_from("<Q", self.data, record + 40)
        check = xxhash.xxh64_intdigest(bytes(self.data[start:end]), own)
        self.pack(record + CHECK_AT, "<Q", check)

    def seal_payload_header(self):
        head = bytes(self.data[self.payload : self.payload + HEADER.size])
        self.pack(self.payload + HEADER.size, "<Q", xxhash.xxh64_intdigest(head, 0))

    @property
    def manifest(self):
        start, end = self.stored(self.record("manifest", 2))
        return json.loads(self.data[start:end])

    def write_manifest(self, text):
        """Put another manifest, which must not be longer, in place of it."""
        record = self.record("manifest", 2)
        start, end = self.stored(record)
        self.put(start, text.encode().ljust(end - start))
        assert len(text) <= end - start
        self.seal_record(record)

    # All of it

    def seal(self):
        """Make the digest of the file right."""
        place = self.data.rindex(b"\x89OBDIGEST\r\n\x1a\n\0\0\0")
        count, blocks, names = struct.unpack_from("<IIQ", self.data, place + 32)
        tables = place + 48 + 32
        hashes_at = tables + 16 * count
        number = 0
        for start, end, _ in self.digest.parts:
            for at in range(start, end, BLOCK):
                block = self.data[at : min(at + BLOCK, end)]
                self.put(hashes_at + 32 * number, hashlib.sha256(block).digest())
                number += 1
        assert number == blocks
        root = hashlib.sha256(self.data[place : place + 48])
        root.update(self.data[tables : hashes_at + 32 * blocks + names])
        self.put(place + 48, root.digest())
