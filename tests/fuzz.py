"""Whole shared objects of several kinds, and how to damage them; for the tests and for
scripts/fuzz_objects.py."""

import struct

from elf_files import (
    CODE,
    DATA,
    DESCRIPTOR,
    FUNCTION,
    IN_MODULE,
    IN_THREAD,
    MODULE,
    SLOT,
    TLS,
    shared_object,
)


def user(*names, needed=(), **more):
    """Return an object that uses names."""
    slots = [(DATA + 8 * n, SLOT, name, 0) for n, name in enumerate(names)]
    return shared_object(
        imports=names, relocations=slots, data=bytes(64), needed=needed, name="user.so", **more
    )


def library(name, *exports, **more):
    """Return an object that defines names."""
    return shared_object(exports=dict.fromkeys(exports, (CODE, FUNCTION)), name=name, **more)


def tls_user(exports=None, **more):
    return shared_object(
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


def damaged(data, chance):
    image = bytearray(data)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(image))
        if chance.random() < 0.7:  # where the tables are
            place = chance.choice([*range(64, 0x600), *range(0x2000, 0x2100)])
        value = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        image[place % len(image)] = value
    return bytes(image)[: chance.choice([len(image), len(image), chance.randrange(len(image))])]


WHOLE = [
    user("malloc", needed=["libf.so"], tags=[(29, "$ORIGIN")]),
    tls_user({"variable": (16, TLS)}, tls=(b"\1" * 8, 40, 8), name="tls.so"),
    shared_object(data=struct.pack("<QQ", CODE, 0), relr=[DATA, 3], versions=["GCC_3.0"]),
]
"""Each reaches another part of the linker."""
