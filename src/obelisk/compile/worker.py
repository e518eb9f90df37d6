"""Compiles source files; run by the target's Python, as `python worker.py OPTIMIZE`.

stdin has a line per module: the file's path, a tab, the name that tracebacks will show.
stdout has an answer per line: 8 bytes of size (little-endian) and the marshalled code object, or
size 0 and then another size and the text of the error.
"""

import marshal
import sys


def main():
    optimize = int(sys.argv[1])
    out = sys.stdout.buffer
    for line in sys.stdin.buffer.read().decode().splitlines():
        path, filename = line.split("\t")
        data, error = b"", b""
        with open(path, "rb") as stream:
            source = stream.read()
        try:
            code = compile(source, filename, "exec", dont_inherit=True, optimize=optimize)
            data = marshal.dumps(code)
        except (SyntaxError, ValueError) as problem:
            error = str(problem).encode()
        out.write(len(data).to_bytes(8, "little") + data)
        if not data:
            out.write(len(error).to_bytes(8, "little") + error)


if __name__ == "__main__":
    main()
