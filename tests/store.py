"""Executables by content: no session of the tests builds what another one has built."""

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from support import obelisk

import obelisk as package
from obelisk.services.cache import Cache, content_key, hash_tree
from obelisk.services.locks import lock, try_lock

TESTS = Path(__file__).parent
AT_ONCE = 2
"""Builds that run beside one another: each has phases that use every processor."""
FACTS = ".facts"
"""A file beside an executable, written when that is whole."""
KEPT = 24 * 3600
"""Seconds for which an executable stays that nobody asked for."""


def stored(name, arguments):
    """Return the executable `name` that `obelisk build` makes of these arguments.

    It is linked to from many tests: one that changes an executable copies it first.
    """
    folder = Path(tempfile.gettempdir()) / f"obelisk-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        message = f"{folder} is somebody else's"
        raise PermissionError(message)
    key = content_key(
        {
            "name": name,
            "arguments": [str(argument) for argument in arguments[1:]],
            "application": _content(arguments[0]),
            "obelisk": hash_tree(Path(package.__file__).parent),
            "python": sys.version,
            "cache": str(Cache().root),  # paths of it are in what builders make
            "environment": {k: v for k, v in os.environ.items() if k == "SOURCE_DATE_EPOCH"},
        }
    )
    path = folder / key / name
    with _held(folder / f"{key}.lock"):
        if not path.with_name(FACTS).is_file():
            _forget_old(folder)
            path.parent.mkdir(exist_ok=True)
            with _slot(folder):
                obelisk("build", *arguments, "-q", "-o", path)
            path.with_name(FACTS).write_text(_facts(path))
        assert path.with_name(FACTS).read_text() == _facts(path), f"a test changed {path}"
        os.utime(path.parent)
    return path


def _facts(path):
    """Return what changes when somebody writes to a file, or gives it other rights."""
    found = path.stat()
    return f"{found.st_mode} {found.st_uid} {found.st_size} {found.st_mtime_ns}"


def _content(application):
    """Return what names an application: the bytes of its files, or a requirement."""
    path = Path(application)
    if not path.exists():
        return str(application)
    if TESTS in path.parents:
        root = TESTS / path.relative_to(TESTS).parts[0]
    else:  # beside a script lie modules and data that it may name
        root = path if path.is_dir() else path.parent
    return [str(path.relative_to(root)), hash_tree(root)]


@contextmanager
def _held(path):
    """Hold the lock of a file."""
    taken = lock(path)
    try:
        yield
    finally:
        taken.release()


@contextmanager
def _slot(folder):
    """Hold one of a few places to build in."""
    taken = None
    while taken is None:
        slots = (try_lock(folder / f"slot-{number}") for number in range(AT_ONCE))
        taken = next((slot for slot in slots if slot is not None), None)
        if taken is None:
            time.sleep(0.1)
    try:
        yield
    finally:
        taken.release()


def _forget_old(folder):
    for entry in folder.iterdir():
        if entry.is_dir() and time.time() - entry.stat().st_mtime > KEPT:
            for file in entry.iterdir():
                file.unlink()
            entry.rmdir()
