"""Link damaged shared objects, as many as one likes: `fuzz_objects.py [COUNT] [SEED] [TARGET]`.

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

from elf_files import Elf
from fuzz import damaged, whole

from obelisk.errors import LinkError
from obelisk.link.elf.dso import read_object
from obelisk.link.elf.elf import read_elf
from obelisk.link.elf.graph import Found, connect
from obelisk.link.elf.machine import machine_of
from obelisk.link.elf.shared_objects import link_found
from obelisk.target import DEFAULT_TARGET, Target, parse_target


class Linker:
    """Links objects for one target."""

    def __init__(self, target: Target) -> None:
        """Make what they are linked with."""
        files = Elf(target)
        self.whole = whole(files)
        self._machine = machine_of(target)
        self._runtime = files.runtime()
        self._elf = read_elf(self._runtime)
        self._library = files.library("libf.so")

    def link(self, data: bytes) -> None:
        """Do all that `link` does with an object."""
        files = [self._found("a.so", data), self._found("libf.so", self._library)]
        nodes = connect(files, lambda _: None)
        linked = link_found(nodes, self._machine, self._runtime, self._elf, 0x10000)
        linked.table(0x1000000)
        for _ in linked.pieces():
            pass

    def _found(self, name: str, data: bytes) -> Found:
        return Found(object=read_object(name, None, memoryview(data), self._machine), names=(name,))


def too_long(*_: object) -> None:
    """End a case that hangs."""
    message = "this case takes too long"
    raise TimeoutError(message)


def main(count: str = "1000000", seed: str = "0", target: str = DEFAULT_TARGET) -> None:
    """Try `count` damaged objects; the same seed gives the same."""
    signal.signal(signal.SIGVTALRM, too_long)
    linker = Linker(parse_target(target))
    chance = random.Random(int(seed))  # noqa: S311 - to be the same again
    refused, started = 0, time.monotonic()
    for number in range(int(count)):
        data = damaged(chance.choice(linker.whole), chance)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, 2)
            linker.link(data)
        except LinkError:
            refused += 1
        except BaseException:
            place = Path(tempfile.gettempdir(), "fuzzed.so")
            place.write_bytes(data)
            print(f"case {number} of seed {seed}, written to {place}", file=sys.stderr)
            raise
    seconds = time.monotonic() - started
    print(f"{count} objects, {refused} refused, {int(count) - refused} linked, {seconds:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
