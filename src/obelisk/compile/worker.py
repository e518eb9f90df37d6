"""Compiles source files, and reads bytecode that comes without source.

Run by the target's Python, as `python worker.py OPTIMIZE`.

stdin has the path of each file and the name that tracebacks will show, all ended by a zero byte,
which no path can contain.
stdout has a zero byte when Python has started, and then for each file a byte, 8 bytes of size
(little-endian) and as many bytes: `c` and the marshalled code object; `r` and the reason why this
Python does not compile it; or `f` and why the file cannot be read. Each answer is out before the
next file is begun, so that one that ends Python itself is known.
"""

import marshal
import sys
import types
from importlib._bootstrap_external import MAGIC_NUMBER  # without all that importlib.util imports

_HEADER = 16
"""Bytes of a .pyc file before its code object."""
_RELEASES = {3413: "3.8", 3425: "3.9", 3439: "3.10", 3495: "3.11", 3531: "3.12", 3571: "3.13"}
"""The Python of a magic number, for messages."""


def main():
    optimize = int(sys.argv[1])
    out = sys.stdout.buffer
    out.write(b"\0")
    out.flush()
    words = sys.stdin.buffer.read().split(b"\0")
    for path, filename in zip(words[0::2], words[1::2], strict=False):
        kind, data = answer(path, filename.decode(errors="surrogateescape"), optimize)
        out.write(kind + len(data).to_bytes(8, "little") + data)
        out.flush()


def answer(path, filename, optimize):
    try:
        with open(path, "rb") as stream:
            source = stream.read()
    except OSError as error:
        return b"f", str(error.strerror).encode()
    try:
        if path.endswith(b".pyc"):
            code = read_bytecode(source)
        else:
            code = compile(source, filename, "exec", dont_inherit=True, optimize=optimize)
        return b"c", marshal.dumps(code)
    except (SyntaxError, ValueError) as problem:
        return b"r", str(problem).encode(errors="backslashreplace")
    except (RecursionError, MemoryError, OverflowError, EOFError, TypeError) as problem:
        # What is nested too deeply, or larger than a code object can be.
        reason = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
        return b"r", reason.encode(errors="backslashreplace")


def read_bytecode(data):
    """Return the code object of a .pyc file; raise `ValueError` when it is another Python's."""
    if data[:4] != MAGIC_NUMBER:
        own = ".".join(map(str, sys.version_info[:2]))
        reason = f"bytecode of {version_of(data[:4])}, expected Python {own}"
        raise ValueError(reason)
    code = marshal.loads(data[_HEADER:])  # noqa: S302 - it is what will run
    if not isinstance(code, types.CodeType):
        reason = "no code object in it"
        raise TypeError(reason)
    return code


def version_of(magic):
    number = int.from_bytes(magic[:2], "little")
    release = _RELEASES.get(number)
    return f"Python {release}" if release else f"an unknown Python (magic number {number})"


if __name__ == "__main__":
    main()
