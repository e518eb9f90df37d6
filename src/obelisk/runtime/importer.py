"""The importer inside every executable: policy in Python, mechanism in `_obelisk_payload`.

It is frozen into the runtime as `_obelisk` and must import nothing that is not frozen too, for it
runs at every start. A module's `__file__` is `<executable>/package/module.py`; the executable's
own file system (vfs.c) answers for such paths, so resources, metadata and source lines are files.

The executable is an entry of `sys.path`, and this module is the finder for it and for the folders
below. In everything else CPython's own PathFinder decides, so that what a program does to
`sys.path` or to a package's `__path__` has the effect that it has in an installed interpreter.
"""

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import _imp
import sys

import _obelisk_payload as _payload

ROOT = _payload.root
_PACKAGE = 1
_NAMESPACE = 2
_EXTENSION = 5
_LIBC = ("c", "m", "pthread", "dl", "rt", "util", "crypt", "resolv")


# Debuggers leave frames of `importlib*` out, and this is one.
__name__ = "importlib._obelisk"


def _record_of(path):
    """Return the name under which the payload has the module of a file, or None."""
    if not (isinstance(path, str) and path.startswith(ROOT + "/")):
        return None
    return path[len(ROOT) + 1 :].removesuffix(".py").removesuffix("/__init__").replace("/", ".")


_get_code = _external.SourceFileLoader.get_code
_get_source = _external.SourceFileLoader.get_source


def get_code(self, fullname):
    """Return a module's code as SourceFileLoader does, in the executable from the payload."""
    record = _record_of(self.path)
    code = None if record is None else _payload.code(record)
    if code is None:
        return _get_code(self, fullname)
    _imp._fix_co_filename(code, self.path)
    return code


def get_source(self, fullname):
    """Return a module's source as SourceFileLoader does, or None when it was left out."""
    try:
        return _get_source(self, fullname)
    except ImportError:
        if _record_of(self.path) is None:
            raise
        return None


class AdaptingLoader(_external.SourceFileLoader):
    """Adapts a module that would look for what only an installation has."""

    def exec_module(self, module):
        """Run the module's code and adapt what it defined."""
        super().exec_module(module)
        _ADAPTED[self.name](module)


class PathEntry(_external.FileFinder):
    """Finds modules below the executable or one folder of it (PathEntryFinder)."""

    def __init__(self, path):
        is_below = path.startswith(ROOT + "/") and _external._path_isdir(path)
        if path != ROOT and not is_below:
            raise ImportError("only folders below the executable are supported", path=path)
        super().__init__(path)
        below = path[len(ROOT) + 1 :].strip("/")
        self._prefix = below.replace("/", ".") + "." if below else ""

    def find_spec(self, fullname, target=None):
        """Return the spec of a module in this folder, or None."""
        return _spec(fullname, self._prefix + fullname.rpartition(".")[2])

    def iter_modules(self, prefix=""):
        """Return (name, is_package) of the modules in this folder, as pkgutil asks."""
        return [
            (prefix + name, kind == _PACKAGE)
            for name, kind in _payload.children(self._prefix)
            if kind != _NAMESPACE and name not in ("__init__", "__main__")
        ]

    def invalidate_caches(self):
        """Do nothing: the payload does not change."""


def _spec(name, record):
    kind = _payload.find(record)
    if kind < 0:
        return None
    if kind == _EXTENSION:
        return _extension_spec(name, record)
    folder = ROOT + "/" + record.replace(".", "/")
    if kind == _NAMESPACE:
        # One portion; PathFinder joins it with those of other entries.
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [folder]
        return spec
    is_package = kind == _PACKAGE
    path = folder + "/__init__.py" if is_package else folder + ".py"
    kind = AdaptingLoader if name in _ADAPTED else _external.SourceFileLoader
    spec = _bootstrap.ModuleSpec(name, kind(name, path), origin=path)
    spec.has_location = True
    if is_package:
        spec.submodule_search_locations = [folder]
    return spec


def _extension_spec(name, record):
    """Return the spec of an extension module: CPython's loader opens it, and libdl.c finds it."""
    path = ROOT + "/" + _payload.extension(record)
    loader = _external.ExtensionFileLoader(name, path)
    spec = _bootstrap.ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    if loader.is_package(name):
        spec.submodule_search_locations = [path.rpartition("/")[0]]
    return spec


def _find_library(name):
    """Return what ctypes.CDLL takes for a library that is inside, or None (ctypes.util)."""
    if name in _LIBC:
        return "libc.so"
    return _payload.library(f"lib{name}.so")


def _adapt_ctypes_util(module):
    module.find_library = _find_library


def _adapt_pkgutil(module):
    # It would list the folder, where there are no names of modules without their sources.
    module.iter_importer_modules.register(PathEntry, PathEntry.iter_modules)


def _adapt_resources(module):
    """Let `as_file` give what other programs can open too: a copy, for as long as it is used."""
    import contextlib
    from pathlib import Path

    as_it_is = module.as_file.dispatch(Path)

    @contextlib.contextmanager
    def as_a_copy(path):
        import shutil
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder, path.name)
            if path.is_dir():
                shutil.copytree(path, place)
            else:
                shutil.copyfile(path, place)
                place.chmod(0o755)  # perhaps it is to be executed
            yield place

    def as_file(path):
        return (as_a_copy if str(path).startswith(ROOT + "/") else as_it_is)(path)

    module.as_file.register(Path, as_file)


def _adapt_certifi(module):
    # It would ask for such a copy, at each start, and hands it to OpenSSL in this process only.
    module._CACERT_PATH = module.__file__.rpartition("/")[0] + "/cacert.pem"


def _adapt_spawn(module):
    # It runs the main module's file again, of which the source may have been left out.
    runpy = module.runpy
    as_it_is = runpy._get_code_from_file

    def get_code_from_file(fname):
        if fname.startswith(ROOT + "/") and fname.endswith(".py"):
            return _external.SourceFileLoader("__main__", fname).get_code("__main__")
        return as_it_is(fname)

    runpy._get_code_from_file = get_code_from_file


def _adapt_multiprocessing(module):
    method = _payload.setting("multiprocessing_start_method")
    if method is not None:
        module.set_start_method(method)


_ADAPTED = {
    "certifi.core": _adapt_certifi,
    "ctypes.util": _adapt_ctypes_util,
    "importlib.resources._common": _adapt_resources,
    "importlib_resources._common": _adapt_resources,
    "multiprocessing": _adapt_multiprocessing,
    "multiprocessing.spawn": _adapt_spawn,
    "pip._vendor.certifi.core": _adapt_certifi,
    "pkgutil": _adapt_pkgutil,
}


def install():
    """Take the importer's place in `sys`; the frozen `encodings` calls this in each interpreter."""
    _external.SourceFileLoader.get_code = get_code
    _external.SourceFileLoader.get_source = get_source
    sys.path_hooks.insert(0, PathEntry)
    if _payload.is_application:
        _add_attributes()
    _add_builtins()


def _add_attributes():
    """Add what tells that the program is frozen."""
    if _payload.setting("frozen") != "0":
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


def start():
    """Prepare `__main__` as CPython does, for a script or for `-m`, and return its code object."""
    name = _payload.entry
    spec = _spec(name, name)
    main = sys.modules["__main__"]
    main.__file__ = spec.loader.path
    main.__loader__ = spec.loader
    main.__cached__ = None
    if "." in name:
        main.__spec__ = spec
        main.__package__ = spec.parent
        main.__cached__ = spec.cached
    return spec.loader.get_code(name)
