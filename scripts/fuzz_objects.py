"""Link damaged shared objects, as many as one likes: `fuzz_objects.py [COUNT] [SEED]`.

Whatever is wrong with an object, the linker must refuse it with a `LinkError`, or link it; any
other exception, and a case that computes for two seconds, ends this and leaves the object.
"""

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from elf_files import runtime
from fuzz import WHOLE, damaged, library

from obelisk.errors import LinkError
from obelisk.link.elf.dso import read_object
from obelisk.link.elf.elf import read_elf
from obelisk.link.elf.graph import Found, connect
from obelisk.link.elf.machine import machine_of
from obelisk.link.elf.shared_objects import link_found
from obelisk.target import DEFAULT_TARGET, parse_target

BASE = runtime()
ELF = read_elf(BASE)
MACHINE = machine_of(parse_target(DEFAULT_TARGET))
LIBRARY = library("libf.so")


def found(name: str, data: bytes) -> Found:
    """Read an object."""
    return Found(object=read_object(name, None, memoryview(data), MACHINE), names=(name,))


def link(data: bytes) -> None:
    """Do all that `link` does with an object."""
    files = [found("a.so", data), found("libf.so", LIBRARY)]
    linked = link_found(connect(files, lambda _: None), MACHINE, BASE, ELF, 0x2000)
    linked.table(0x100000)
    for _ in linked.pieces():
        pass


def too_long(*_: object) -> None:
    """End a case that hangs."""
    message = "this case takes too long"
    raise TimeoutError(message)


def main(count: int = 1_000_000, seed: int = 0) -> None:
    """Try `count` damaged objects; the same seed gives the same."""
    signal.signal(signal.SIGVTALRM, too_long)
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    refused, started = 0, time.monotonic()
    for number in range(count):
        data = damaged(chance.choice(WHOLE), chance)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, 2)
            link(data)
        except LinkError:
            refused += 1
        except BaseException:
            place = Path(tempfile.gettempdir(), "fuzzed.so")
            place.write_bytes(data)
            print(f"case {number} of seed {seed}, written to {place}", file=sys.stderr)
            raise
    seconds = time.monotonic() - started
    print(f"{count} objects, {refused} refused, {count - refused} linked, {seconds:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
