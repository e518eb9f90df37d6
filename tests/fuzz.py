"""Whole shared objects of several kinds, how to damage them, and what links them; for the tests and
for scripts/fuzz_objects.py."""

import signal
import struct

from elf_files import CODE, DATA, DYNAMIC, TLS, Elf

from obelisk.errors import LinkError
from obelisk.link.elf.dso import read_object
from obelisk.link.elf.elf import read_elf
from obelisk.link.elf.graph import Found, connect
from obelisk.link.elf.holes import stretches
from obelisk.link.elf.machine import machine_of
from obelisk.link.elf.shared_objects import link_found

HEADERS = range(64, 0x600)
TABLES = range(DYNAMIC, DATA)
SECONDS = 2
"""What one case may compute."""


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
        elf.shared_object(bss=1 << 20, behind=b"behind"),
    ]


def too_long(*_):
    message = "this case takes too long"
    raise TimeoutError(message)


class Linker:
    """Links damaged objects for one target."""

    def __init__(self, target):
        files = Elf(target)
        self._whole = whole(files)
        self._machine = machine_of(target)
        self._runtime = files.runtime()
        self._elf = read_elf(self._runtime)
        self._library = files.library("libf.so")
        signal.signal(signal.SIGVTALRM, too_long)

    def object(self, chance):
        """Return one that was damaged."""
        return damaged(chance.choice(self._whole), chance)

    def outcome(self, data):
        """Link an object: "linked", or "refused" with a `LinkError`. All else is raised."""
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            self._link(data)
        except LinkError:
            return "refused"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return "linked"

    def _link(self, data):
        files = [self._found("a.so", data), self._found("libf.so", self._library)]
        nodes = connect(files, lambda _: None)
        linked = link_found(nodes, self._machine, self._runtime, self._elf, 0x10000)
        linked.table(0x1000000)
        layout = linked.layout
        for one in stretches(linked.pieces(), layout.start, layout.end, self._machine.page):
            assert one.start < one.end

    def _found(self, name, data):
        return Found(object=read_object(name, None, memoryview(data), self._machine), names=(name,))
