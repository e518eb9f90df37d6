"""The importer where paths are those of Windows: what differs from importer.py.

It is frozen into the runtime as `_obelisk`, and that file as `_obelisk_shared`. A `__file__` is
`C:\\bin\\app.exe\\lib\\python3.14\\site-packages\\module.py`. Whoever asks may write either slash
and letters of either case, as for any file; in the payload, paths have slashes, and names of
modules have the case that they have.
"""

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import sys

import _obelisk_payload as _payload
import _obelisk_shared as _shared

ROOT = _payload.root
_BEGINNING = ROOT + "\\"
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
_Loader = _external.SourceFileLoader


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
        self._start = path.rstrip("\\/") + "\\"

    def find_spec(self, fullname, target=None):
        """Return the spec of a module in this folder, or None."""
        name = fullname.rpartition(".")[2]
        kind = _payload.find(self._folder, name)
        if kind < 0:
            return None
        path = self._start + name
        if kind == _shared._NAMESPACE:
            spec = _bootstrap.ModuleSpec(fullname, None)
            spec.submodule_search_locations = [path]
            return spec
        if kind == _shared._OTHER:
            return _spec_of_file(fullname, self.path, _payload.other(self._folder, name))
        is_package = kind == _shared._PACKAGE
        file = path + "\\__init__.py" if is_package else path + ".py"
        loader = (_shared.AdaptingLoader if fullname in _ADAPTED else _Loader)(fullname, file)
        spec = _bootstrap.ModuleSpec(fullname, loader, origin=file)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [path]
        return spec


def _spec_of_file(name, folder, path):
    """Return the spec of bytecode without source."""
    file = _BEGINNING + path.replace("/", "\\")
    is_bytecode = path.endswith(".pyc")
    kind = _external.SourcelessFileLoader if is_bytecode else _external.ExtensionFileLoader
    loader = kind(name, file)
    spec = _bootstrap.ModuleSpec(name, loader, origin=file)
    spec.has_location = True
    if loader.is_package(name):
        spec.submodule_search_locations = [file.rpartition("\\")[0]]
    return spec


def install():
    """Take the importer's place in `sys`; the frozen `encodings` calls this in each interpreter."""
    _shared.path_below = path_below
    _shared.PathEntry = PathEntry
    _shared._BEGINNING = _BEGINNING
    _shared.install()


def run_pth():
    """Run the lines of packages' `.pth` files (importer.py)."""
    if _payload.pth is None or not sys.flags.no_site:
        return
    import site

    folder = sys._stdlib_dir + "\\site-packages"
    for name in _payload.pth.split("\0")[:-1]:
        site.addpackage(folder, name, None)


def start():
    """Prepare `__main__` for the application and return its code object."""
    if _payload.module is not None:
        return _shared.start()
    path = _BEGINNING + _payload.main.replace("/", "\\")
    main = sys.modules["__main__"]
    main.__file__ = path
    main.__cached__ = None
    main.__loader__ = _Loader("__main__", path)
    sys.audit("cpython.run_file", path)
    return main.__loader__.get_code("__main__")
