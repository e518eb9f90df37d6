"""Whole shared objects of several kinds, and how to damage them; for the tests and for
scripts/fuzz_objects.py."""

import struct

from elf_files import CODE, DATA, DYNAMIC, TLS

HEADERS = range(64, 0x600)
TABLES = range(DYNAMIC, DATA)


def damaged(data, chance):
    image = bytearray(data)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(image))
        if chance.random() < 0.7:  # where the tables are
            place = chance.choice([*HEADERS, *TABLES])
        value = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        image[place % len(image)] = value
    return bytes(image)[: chance.choice([len(image), len(image), chance.randrange(len(image))])]


def whole(elf):
    """Return objects that each reach another part of the linker."""
    return [
        elf.user("malloc", needed=["libf.so"], tags=[(29, "$ORIGIN")]),
        elf.tls_user({"variable": (16, TLS)}, tls=(b"\1" * 8, 40, 8), name="tls.so"),
        elf.shared_object(data=struct.pack("<QQ", CODE, 0), relr=[DATA, 3], versions=["GCC_3.0"]),
    ]
