"""Adaptations of modules that look for what only an installation has.

It is frozen into the runtime as `_obelisk_adaptations`. The importer loads it with the first module
that it has something for, so that others do not pay for it.
"""

import _frozen_importlib as _bootstrap
import _imp
import sys

import _obelisk
import _obelisk_payload as _payload

ROOT = _payload.root
_BUILT_FOR = "/install"
_LIBC = ("c", "m", "pthread", "dl", "rt", "util", "crypt", "resolv")


class LeftOut:
    """Says why a module is missing that the build left out (MetaPathFinder)."""

    names = frozenset((_payload.left_out or "").split("\0"))

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return None, as there is none; raise ModuleNotFoundError where it is imported."""
        asking = sys._getframe(2).f_code
        if fullname in cls.names and asking is _bootstrap._find_and_load_unlocked.__code__:
            include = f'add `include = ["{fullname}"]`'
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: not included in this executable, because "
                f"the build found no use of it ({include})",
                name=fullname,
            )
        return


def _find_library(name):
    """Return what ctypes.CDLL takes for a library that is inside, or None (ctypes.util)."""
    if name in _LIBC:
        return "libc.so"
    return _payload.library(f"lib{name}.so")


def _adapt_ctypes_util(module):
    module.find_library = _find_library


def _adapt_pkgutil(module):
    # It would list the folder, where there are no names of modules without their sources.
    finder = _obelisk.PathEntry
    module.iter_importer_modules.register(finder, finder.iter_modules)


def _adapt_multiprocessing(module):
    method = _payload.setting("multiprocessing_start_method")
    if method is not None:
        module.set_start_method(method)


def _adapt_spawn(module):
    """Let processes run the main program's file again although its text was left out."""
    import runpy

    from_file = runpy._get_code_from_file

    def get_code_from_file(path):
        try:
            return from_file(path)
        except FileNotFoundError:
            below = _obelisk.path_below(path)
            code = None if below is None else _payload.code(below)
            if code is None:
                raise
            _imp._fix_co_filename(code, path)
            return code

    runpy._get_code_from_file = get_code_from_file


def _adapt_sysconfig(module):
    """Let variables name folders of the executable instead of where this Python was built."""
    init_posix = module._init_posix

    def init_here(variables):
        init_posix(variables)
        for name, value in variables.items():
            if isinstance(value, str) and value.startswith(_BUILT_FOR):
                variables[name] = value.replace(_BUILT_FOR, ROOT)

    module._init_posix = init_here


def _refuse_environment(python):
    """Raise when a virtual environment is to be made of this executable, which no Python is."""
    import os

    if os.path.realpath(python) == ROOT:
        raise RuntimeError(
            f"cannot create a virtual environment from {ROOT}: it is an application, not a Python "
            "installation; name another Python, as in `virtualenv --python /usr/bin/python3`"
        )


def _adapt_venv(module):
    create = module.EnvBuilder.create

    def refuse_or_create(self, env_dir):
        _refuse_environment(sys._base_executable)
        return create(self, env_dir)

    module.EnvBuilder.create = refuse_or_create


def _adapt_virtualenv(module):
    selector = module.CreatorSelector
    select = selector.for_interpreter

    def refuse_or_select(interpreter):
        _refuse_environment(interpreter.executable)
        return select(interpreter)

    selector.for_interpreter = staticmethod(refuse_or_select)


def _adapt_threadpoolctl(module):
    # It would read names from /proc/self/maps, where all that is linked in has the executable's.
    module._HAS_PROCFS = False


ADAPTATIONS = {
    "ctypes.util": _adapt_ctypes_util,
    "multiprocessing": _adapt_multiprocessing,
    "multiprocessing.spawn": _adapt_spawn,
    "pkgutil": _adapt_pkgutil,
    "sysconfig": _adapt_sysconfig,
    "threadpoolctl": _adapt_threadpoolctl,
    "venv": _adapt_venv,
    "virtualenv.run.plugin.creators": _adapt_virtualenv,
}
