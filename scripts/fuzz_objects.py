"""Link damaged shared objects, as many as one likes: `fuzz_objects.py [COUNT] [SEED] [TARGET]`.

Whatever is wrong with an object, the linker must refuse it with a `LinkError`, or link it; any
other exception, and a case that computes for two seconds, ends this and leaves the object. A run of
fewer cases is the beginning of one of more.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fuzz import Linker

from obelisk.target import DEFAULT_TARGET, parse_target


def main(count: str = "1000000", seed: str = "0", target: str = DEFAULT_TARGET) -> None:
    """Try `count` damaged objects; the same seed gives the same."""
    linker = Linker(parse_target(target))
    chance = random.Random(int(seed))  # noqa: S311 - to be the same again
    refused, started = 0, time.monotonic()
    for number in range(int(count)):
        data = linker.object(chance)
        try:
            refused += linker.outcome(data) == "refused"
        except BaseException:
            place = Path(tempfile.gettempdir(), "fuzzed.so")
            place.write_bytes(data)
            print(f"case {number} of seed {seed}, written to {place}", file=sys.stderr)
            raise
    seconds = time.monotonic() - started
    print(f"{count} objects, {refused} refused, {int(count) - refused} linked, {seconds:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
