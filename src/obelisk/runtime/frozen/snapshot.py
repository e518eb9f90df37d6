"""What is imported before a snapshot, and set right after it."""

import sys

import _signal
import posix

import _snapshot


def prepare(imports, exclude):
    """Import what the snapshot holds."""
    import gc
    import importlib

    for name in imports:
        _snapshot.report(b'{"importing": "%s"}' % name.encode())
        importlib.import_module(name)
    sys.path_importer_cache.clear()
    posix.environ.clear()
    gc.collect()
    gc.collect()
    _snapshot.immortalize(gc.get_objects())
    gc.freeze()
    return True


def restore():
    """Make this process the program's own."""
    argv, variables, executable = _snapshot.process()
    environ = posix.environ
    environ.clear()
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if equals:
            environ[name] = value
    os = sys.modules.get("os")
    if os:
        os.environ._data.clear()
        os.environ._data.update(environ)
    sys.argv[:] = argv
    sys.orig_argv[:] = argv
    sys.executable = sys._base_executable = executable
    _signal.signal(2, _signal.default_int_handler)
    _signal.signal(13, 1)
    _signal.signal(25, 1)
