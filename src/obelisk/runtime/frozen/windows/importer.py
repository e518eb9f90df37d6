"""The importer where paths are those of Windows: what differs from importer.py.

It is frozen into the runtime as `_obelisk`, and that file as `_obelisk_shared`. A `__file__` is
`C:\\bin\\app.exe\\lib\\python3.14\\site-packages\\module.py`. Whoever asks may write either slash
and letters of either case, as for any file; in the payload, paths have slashes, and names of
modules have the case that they have.
"""

import _obelisk_payload as _payload
import _obelisk_shared as _shared

ROOT = _payload.root
_SEPARATOR = "\\"
_BEGINNING = ROOT + _SEPARATOR
_FOLDED = _BEGINNING.lower()
_VERBATIM = "\\\\?\\"
_ADAPTED = frozenset(
    (
        "multiprocessing",
        "multiprocessing.spawn",
        "pkgutil",
        "sysconfig",
        "venv",
        "virtualenv.run.plugin.creators",
    )
)
"""Modules that `_obelisk_adaptations` has something for."""


# Debuggers leave frames of `importlib*` out, and this is one.
__name__ = "importlib._obelisk"


def path_below(path):
    """Return a path relative to the executable, with slashes, or None when it is not below that."""
    if not isinstance(path, str):
        return None
    if not path.startswith(_BEGINNING):
        path = path.replace("/", "\\").removeprefix(_VERBATIM)
        if path[: len(_BEGINNING)].lower() != _FOLDED:
            return None
    below = path[len(_BEGINNING) :].replace("\\", "/")
    is_plain = "//" not in below and "/." not in below and below[:1] not in "./"
    return below if is_plain else _shared._resolved(below)


class PathEntry(_shared.PathEntry):
    """Finds modules in one folder of the executable, or beside a script (PathEntryFinder)."""

    def __init__(self, path):
        super().__init__(path)
        self._start = path.rstrip("\\/") + _SEPARATOR


def install():
    """Take the importer's place in `sys`; the frozen `encodings` calls this in each interpreter."""
    _shared.path_below = path_below
    _shared.PathEntry = PathEntry
    _shared._ADAPTED = _ADAPTED
    _shared._SEPARATOR = _SEPARATOR
    _shared._BEGINNING = _BEGINNING
    _shared.install()


run_pth = _shared.run_pth
start = _shared.start
