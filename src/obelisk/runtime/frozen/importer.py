"""The importer inside every executable: policy in Python, mechanism in `_obelisk_payload`.

It is frozen into the runtime as `_obelisk` and must import nothing that is not frozen too, for it
runs at every start. A module's `__file__` is `<executable>/lib/python3.14/site-packages/module.py`;
the executable's own file system (vfs/vfs.c) answers for such paths, so resources, metadata and
source lines are files.

Folders of the executable are entries of `sys.path`, and this module is the finder for them and for
the folders below. In everything else CPython's own PathFinder decides, so that what a program does
to `sys.path` or to a package's `__path__` has the effect that it has in an installed interpreter.
"""

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import _imp
import sys

import _obelisk_payload as _payload

ROOT = _payload.root
_PACKAGE = 1
_NAMESPACE = 2
_OTHER = 5
_ADAPTED = frozenset(
    (
        "ctypes.util",
        "multiprocessing",
        "multiprocessing.spawn",
        "pkgutil",
        "sysconfig",
        "threadpoolctl",
        "venv",
        "virtualenv.run.plugin.creators",
    )
)
"""Modules that `_obelisk_adaptations` has something for; it is loaded with the first of them."""


# Debuggers leave frames of `importlib*` out, and this is one.
__name__ = "importlib._obelisk"


def path_below(path):
    """Return a path relative to the executable, or None when it is not below that."""
    if not isinstance(path, str) or not path.startswith(_BEGINNING):
        return None
    below = path[len(_BEGINNING) :]
    return _resolved(below) if "//" in below or "/." in below or below[:1] in "./" else below


def _resolved(below):
    """Return such a path without `.`, `..` and empty parts; None for one that leads out."""
    parts = []
    for part in below.split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


_SEPARATOR = "/"
"""Of paths of this system: windows/importer.py has another one, and sets it here."""
_BEGINNING = ROOT + _SEPARATOR
_Loader = _external.SourceFileLoader
_get_code = _Loader.get_code
_get_source = _Loader.get_source
_source_to_code = _Loader.source_to_code
_get_data = _Loader.get_data
_set_data = _Loader.set_data
_cache_bytecode = _Loader._cache_bytecode
_get_filename = _Loader.get_filename
_path_stats = _Loader.path_stats
_METHODS = frozenset(
    ("source_to_code", "get_data", "set_data", "_cache_bytecode", "get_filename", "path_stats")
)
_path_isdir = _external._path_isdir


def path_isdir(path):
    """Say whether a path is a folder; for finders the executable is one, since it can be listed."""
    return path == ROOT or _path_isdir(path)


def _is_plain(loader):
    """Say whether a loader takes code from where CPython's own takes it.

    Import hooks, such as those of type checkers, compile in another way or read something else.
    """
    kind = type(loader)
    return (
        kind.source_to_code is _source_to_code
        and kind.get_data is _get_data
        and kind.get_filename is _get_filename
        and kind.path_stats is _path_stats
        and kind.set_data is _set_data
        and kind._cache_bytecode is _cache_bytecode
        and _METHODS.isdisjoint(loader.__dict__)
    )


def get_code(self, fullname):
    """Return a module's code as SourceFileLoader does, in the executable from the payload."""
    below = path_below(self.path)
    code = _payload.code(below) if below is not None and _is_plain(self) else None
    if code is None:
        return _get_code(self, fullname)
    _imp._fix_co_filename(code, self.path)
    return code


def get_source(self, fullname):
    """Return a module's source as SourceFileLoader does, or None when it was left out."""
    try:
        return _get_source(self, fullname)
    except ImportError:
        below = path_below(self.path)
        if below is None or not _is_plain(self) or _payload.code(below) is None:
            raise
        return None


class AdaptingLoader(_external.SourceFileLoader):
    """Adapts a module that would look for what only an installation has."""

    def exec_module(self, module):
        """Run the module's code and adapt what it defined."""
        super().exec_module(module)
        import _obelisk_adaptations

        _obelisk_adaptations.ADAPTATIONS[self.name](module)


class PathEntry(_external.FileFinder):
    """Finds modules in one folder of the executable, or beside a script (PathEntryFinder)."""

    def __init__(self, path):
        folder = _folder(path)
        if folder is None:
            raise ImportError("only folders below the executable are supported", path=path)
        super().__init__(path)
        self._start = path.rstrip("/") + "/"
        self._folder = folder

    def find_spec(self, fullname, target=None):
        """Return the spec of a module in this folder, or None."""
        name = fullname.rpartition(".")[2]
        kind = _payload.find(self._folder, name)
        if kind < 0:
            return None
        path = self._start + name
        if kind == _NAMESPACE:
            # One portion; PathFinder joins it with those of other entries.
            spec = _bootstrap.ModuleSpec(fullname, None)
            spec.submodule_search_locations = [path]
            return spec
        if kind == _OTHER:
            return _spec_of_file(fullname, self.path, _payload.other(self._folder, name))
        is_package = kind == _PACKAGE
        file = path + _SEPARATOR + "__init__.py" if is_package else path + ".py"
        loader = (AdaptingLoader if fullname in _ADAPTED else _Loader)(fullname, file)
        spec = _bootstrap.ModuleSpec(fullname, loader, origin=file)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [path]
        return spec

    def iter_modules(self, prefix=""):
        """Return (name, is_package) of the modules in this folder, as pkgutil asks."""
        return [
            (prefix + name, self._is_package(name, kind))
            for name, kind in _payload.children(self._folder)
            if kind != _NAMESPACE and name != "__init__"
        ]

    def _is_package(self, name, kind):
        if kind != _OTHER:
            return kind == _PACKAGE
        return "/__init__." in _payload.other(self._folder, name)

    def invalidate_caches(self):
        """Do nothing: the payload does not change."""


def _folder(path):
    """Return the folder of the executable that a path names, or None when it names none."""
    below = "" if path == ROOT else path_below(path)
    if not below:
        return below
    below = below.rstrip("/")
    as_it_is = len(path) == len(_BEGINNING) + len(below)
    return below if _payload.is_folder(below) and (as_it_is or _path_isdir(path)) else None


def _spec_of_file(name, folder, path):
    """Return the spec of an extension module (see elf/libdl.c), or of bytecode without source."""
    file = _BEGINNING + path.replace("/", _SEPARATOR)
    is_bytecode = path.endswith(".pyc")
    kind = _external.SourcelessFileLoader if is_bytecode else _external.ExtensionFileLoader
    loader = kind(name, file)
    spec = _bootstrap.ModuleSpec(name, loader, origin=file)
    spec.has_location = True
    if loader.is_package(name):
        spec.submodule_search_locations = [file.rpartition(_SEPARATOR)[0]]
    return spec


def install():
    """Take the importer's place in `sys`; the frozen `encodings` calls this in each interpreter."""
    _external._path_isdir = path_isdir
    _external.SourceFileLoader.get_code = get_code
    _external.SourceFileLoader.get_source = get_source
    sys.path_hooks.insert(0, PathEntry)
    if _payload.left_out is not None:
        from _obelisk_adaptations import LeftOut

        sys.meta_path.append(LeftOut)
    if _payload.is_application:
        _add_attributes()
    _add_builtins()


def _add_attributes():
    """Add what tells that the program is frozen."""
    if _payload.setting("frozen") == "1":
        sys.frozen = True
    if _payload.setting("meipass") == "1":
        sys._MEIPASS = ROOT


def _add_builtins():
    """Add what scripts call although only `site` promises it."""
    import _sitebuiltins
    import builtins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = _sitebuiltins._Helper()


def run_pth():
    """Run the lines of packages' `.pth` files, with the function that runs them in an installation.

    It says on stderr what is wrong with a line, and goes on. Where `site` is configured it has done
    this already.
    """
    if _payload.pth is None or not sys.flags.no_site:
        return
    import site

    folder = sys._stdlib_dir + _SEPARATOR + "site-packages"
    for name in _payload.pth.split("\0")[:-1]:
        site.addpackage(folder, name, None)


def start():
    """Prepare `__main__` for the application and return its code object."""
    path = _BEGINNING + _payload.main.replace("/", _SEPARATOR)
    main = sys.modules["__main__"]
    main.__file__ = path
    main.__cached__ = None
    name = _payload.module
    if name is None:
        main.__loader__ = _Loader("__main__", path)
        sys.audit("cpython.run_file", path)
        return main.__loader__.get_code("__main__")
    sys.audit("cpython.run_module", name)
    parent = name.rpartition(".")[0]
    above = _bootstrap._gcd_import(parent).__path__ if parent else None
    main.__spec__ = _bootstrap._find_spec(name, above)
    main.__loader__ = main.__spec__.loader
    main.__package__ = main.__spec__.parent
    main.__cached__ = main.__spec__.cached
    return main.__loader__.get_code(name)
