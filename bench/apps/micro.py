"""Time single operations that lean on libc, the allocator or the compiler: JSON on stdout.

Each is repeated until it has taken a hundredth of a second, several times; the fastest counts.
Processor time, in microseconds for one operation.
"""

import json
import math
import sys
import time

SIZE = 10_000_000
TEXT = "a" * SIZE + "b"
BYTES = b"x" * SIZE
SAME = bytes(bytearray(BYTES))
BUFFER = bytearray(SIZE)
WORDS = "ab " * 100_000
WIDE = "é" * 1_000_000
WIDE_BYTES = WIDE.encode()
LINE = "hello world foo bar"
ONE, TWO = "k" * 64, "k" * 63 + "j"
SHORT = b"q" * 64
NUMBERS = [str(number) for number in range(20_000)]
LARGE = 3**9000

OPERATIONS = {
    "str.find, 1 character in 10 MB": lambda: TEXT.find("b"),
    "str.find, 2 characters in 10 MB": lambda: TEXT.find("ab"),
    "str.find, 3 characters in 10 MB": lambda: TEXT.find("aab"),
    "str.rfind in 10 MB": lambda: TEXT.rfind("c"),
    "str.count in 10 MB": lambda: TEXT.count("b"),
    "str.replace, 1 for 1 character": lambda: WORDS.replace("a", "x"),
    "str.replace, 2 for 3 characters": lambda: WORDS.replace("ab", "xyz"),
    "str.split at white space": lambda: WORDS.split(),
    "str.split at a character": lambda: WORDS.split(" "),
    "str.join": lambda: ",".join(NUMBERS),
    "str.upper": lambda: WORDS.upper(),
    "str.strip": lambda: LINE.strip(),
    "str +, 64 characters": lambda: ONE + TWO,
    "str ==, 64 characters": lambda: ONE == TWO,
    "str slice": lambda: LINE[2:12],
    "bytes slice": lambda: SHORT[3:40],
    "bytes ==, 10 MB": lambda: BYTES == SAME,
    "bytes reversed, 10 MB": lambda: BYTES[::-1],
    "copy 10 MB, new": lambda: bytearray(BYTES),
    "copy 10 MB, in place": lambda: BUFFER.__setitem__(slice(None), BYTES),
    "fill 10 MB": lambda: b"x" * SIZE,
    "zeros 40 MB": lambda: bytes(40_000_000),
    "zeros 400 MB": lambda: bytes(400_000_000),
    "encode ASCII, 10 MB": lambda: TEXT.encode(),
    "decode ASCII, 10 MB": lambda: BYTES.decode(),
    "encode UTF-8, 2 MB": lambda: WIDE.encode(),
    "decode UTF-8, 2 MB": lambda: WIDE_BYTES.decode(),
    "sort strings": lambda: sorted(NUMBERS),
    "allocate 40 bytes": lambda: [bytes(40) for _ in range(5000)],
    "allocate 700 bytes": lambda: [bytearray(700) for _ in range(5000)],
    "allocate 5,000 bytes": lambda: [bytearray(5000) for _ in range(1000)],
    "dictionaries": lambda: [{"a": number} for number in range(5000)],
    "list grows": lambda: [number for number in range(50_000)],
    "math.exp": lambda: [math.exp(number * 1e-5) for number in range(5000)],
    "math.sin": lambda: [math.sin(number) for number in range(5000)],
    "math.log": lambda: [math.log(number + 1) for number in range(5000)],
    "math.sqrt": lambda: [math.sqrt(number) for number in range(5000)],
    "float **": lambda: [1.37**number for number in range(300)],
    "repr of float": lambda: [repr(number / 7) for number in range(2000)],
    "float of str": lambda: [float("3.14159") for _ in range(2000)],
    "str of int": lambda: str(3**3000),
    "int *": lambda: LARGE * LARGE,
    "time.perf_counter": time.perf_counter,
}


def once(operation, count):
    started = time.process_time()
    for _ in range(count):
        operation()
    return time.process_time() - started


def measure(operation, repetitions, least):
    count = 1
    while (taken := once(operation, count)) < least:
        count = count * 2 if taken < least / 8 else int(count * least / taken * 1.2) + 1
    return min(once(operation, count) for _ in range(repetitions)) / count * 1e6


def main():
    repetitions, least = (1, 0.002) if sys.argv[1:] == ["--quick"] else (5, 0.01)
    table = {name: measure(one, repetitions, least) for name, one in OPERATIONS.items()}
    print(json.dumps(table))


if __name__ == "__main__":
    main()
