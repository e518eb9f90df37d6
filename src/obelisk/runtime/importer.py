"""The importer inside every executable: policy in Python, mechanism in `_obelisk_payload`.

It is frozen into the runtime as `_obelisk` and must import nothing that is not frozen too, for it
runs at every start. A module's `__file__` is `<executable>/package/module.py`; the executable's
own file system (vfs.c) answers for such paths, so resources, metadata and source lines are files.
"""

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import _imp
import sys

import _obelisk_payload as _payload

ROOT = _payload.root
_HELPERS = tuple(
    f"from multiprocessing.{name} import main;" for name in ("resource_tracker", "forkserver")
)
_PACKAGE = 1
_NAMESPACE = 2
_EXTENSION = 5
_LIBC = ("c", "m", "pthread", "dl", "rt", "util", "crypt", "resolv")


class Loader:
    """Loads one module of the payload. `name` and `path` are as those of a source file's loader."""

    def __init__(self, name, record, path):
        self.name = name
        self.path = path
        self._record = record

    def create_module(self, spec):
        """Use the default module creation."""

    def exec_module(self, module):
        """Run the module's code. The call leaves no frame of the importer in tracebacks."""
        code = self._code()
        if code is None:
            raise ImportError(f"cannot load module {module.__name__!r}", name=module.__name__)
        _bootstrap._call_with_frames_removed(exec, code, module.__dict__)
        if self.name == "ctypes.util":
            module.find_library = _find_library

    def is_package(self, name):
        """Say whether the module is a package (InspectLoader)."""
        return _payload.find(self._record) == _PACKAGE

    def get_code(self, name):
        """Return the module's code object (InspectLoader)."""
        return self._code()

    def get_source(self, name):
        """Return the module's source text, or None when it was left out (InspectLoader)."""
        try:
            data = self.get_data(self.path)
        except OSError:
            return None
        return _external.decode_source(data)

    def get_filename(self, name=None):
        """Return the module's `__file__` (ExecutionLoader)."""
        return self.path

    def get_data(self, path):
        """Return the bytes of a file (ResourceLoader), of any file as a FileLoader would."""
        import _io

        with _io.open_code(str(path)) as stream:
            return stream.read()

    def get_resource_reader(self, name):
        """Return a reader of the package's files (importlib.resources)."""
        from importlib.readers import FileReader

        return FileReader(self)

    def _code(self):
        code = _payload.code(self._record)
        if code is not None:
            _imp._fix_co_filename(code, self.path)
        return code


class Finder:
    """Finds modules of the payload by their full name (MetaPathFinder)."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return the spec of a module, or None."""
        return _spec(name, name)

    @staticmethod
    def invalidate_caches():
        """Do nothing: the payload does not change."""


class PathEntry:
    """Finds modules below one folder of the executable (PathEntryFinder).

    It serves those that add `<executable>/package/vendor` to `sys.path`, and `pkgutil`.
    """

    def __init__(self, path):
        is_below = path.startswith(ROOT + "/") and _external._path_isdir(path)
        if path != ROOT and not is_below:
            raise ImportError("only folders below the executable are supported", path=path)
        below = path[len(ROOT) + 1 :].strip("/")
        self._prefix = below.replace("/", ".") + "." if below else ""

    def find_spec(self, name, target=None):
        """Return the spec of a module in this folder, or None."""
        return _spec(name, self._prefix + name.rpartition(".")[2])

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
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = _external._NamespacePath(
            name, [folder], lambda name, path: _spec(name, record)
        )
        return spec
    is_package = kind == _PACKAGE
    path = folder + "/__init__.py" if is_package else folder + ".py"
    spec = _bootstrap.ModuleSpec(name, Loader(name, record, path), origin=path)
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


class _Quitter:
    """`exit` and `quit`, which scripts call although only `site` promises them."""

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"Use {self._name}() or Ctrl-D (i.e. EOF) to exit"

    def __call__(self, code=None):
        try:
            sys.stdin.close()
        except Exception:
            pass
        raise SystemExit(code)


class _Helper:
    """`help`, which imports pydoc when it is called."""

    def __repr__(self):
        return "Type help(object) for help about object"

    def __call__(self, *args, **kwds):
        import pydoc

        return pydoc.help(*args, **kwds)


def install():
    """Take the importer's place in `sys`; the frozen `encodings` calls this in each interpreter."""
    import builtins

    # Before PathFinder, which still serves what the application adds to sys.path.
    place = next(i for i, finder in enumerate(sys.meta_path) if finder is _external.PathFinder)
    sys.meta_path.insert(place, Finder)
    sys.path_hooks.insert(0, PathEntry)
    sys.frozen = True
    for name in ("exit", "quit"):
        setattr(builtins, name, _Quitter(name))
    builtins.help = _Helper()


def start():
    """Prepare `__main__` and return its code object."""
    command = _multiprocessing_command(sys.argv)
    if command is not None:
        return command
    return _prepare_main(_payload.entry)


def _prepare_main(name):
    spec = _spec(name, name)
    main = sys.modules["__main__"]
    main.__spec__ = spec
    main.__loader__ = spec.loader
    main.__file__ = spec.loader.path
    main.__package__ = name.rpartition(".")[0]
    return spec.loader.get_code(name)


def _multiprocessing_command(argv):
    """Return the code of a helper process of multiprocessing if that is what this process is.

    A frozen program's `spawn` starts `executable --multiprocessing-fork name=value ...`; the
    resource tracker and the fork server are `executable [options] -c COMMAND [arguments]`.
    """
    if len(argv) > 2 and argv[1] == "--multiprocessing-fork":
        text = "from multiprocessing.spawn import freeze_support; freeze_support()"
        return compile(text, "<multiprocessing>", "exec")
    if "-c" not in argv[1:-1]:
        return None
    place = argv.index("-c", 1)
    text = argv[place + 1]
    if not text.removeprefix("import sys; ").startswith(_HELPERS):
        return None
    if not _is_harmless(text):
        # Going on would run the application in place of the helper, and that would start another.
        raise SystemExit("a helper process of multiprocessing was started in an unknown way")
    sys.argv[:] = argv[place : place + 1] + argv[place + 2 :]
    return compile(text, "<multiprocessing>", "exec")


def _is_harmless(text):
    """Say whether a command only calls `main` with literals and `sys.argv[1:]`."""
    import ast

    try:
        *imports, called = ast.parse(text).body
        call = called.value
        for value in (*call.args, *(word.value for word in call.keywords)):
            if ast.unparse(value) != "sys.argv[1:]":
                ast.literal_eval(value)
        allowed = all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in imports)
        return allowed and call.func.id == "main"
    except (SyntaxError, ValueError, AttributeError, TypeError):
        return False
