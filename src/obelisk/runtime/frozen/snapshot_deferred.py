"""Functions that no training run called: their code is left in the payload until it is needed.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_deferred`. Which functions these
are, and what happens when one is called, is C (runtime/c/snapshot/deferred.c).
"""

import gc

import _imp

import _obelisk
import _obelisk_payload as _payload
import _snapshot

_OF_STREAMS = frozenset(("codecs", "encodings", "encodings.utf_8"))
"""Frozen modules of which a start calls more or less, by what its standard streams are."""


def defer(objects):
    """Take the code from those of the objects that are such functions.

    Nobody may hold a reference to their code besides them. Those that have none yet can be called
    only when all are settled, so nothing may happen until then that calls a function of a module:
    a finalizer does, and an audit hook when somebody looks at a function's code.
    """
    if not _snapshot.begin_deferring(objects):
        return
    files = [*_read(_by_file(objects))]
    instead = _instead.__code__
    is_enabled = gc.isenabled()
    gc.disable()
    for functions, read, path, module in files:
        _snapshot.defer(functions, read, path, module, instead)
    _snapshot.settle_deferred(gc.get_referents)
    if is_enabled:
        gc.enable()


def _read(functions_of):
    """Yield (functions, the function of C that returns their code, its argument, all code)."""
    for name, functions in functions_of.items():
        read, path = _source(name)
        module = read(path) if read is not None else None
        if module is not None:
            _imp._fix_co_filename(module, name)
            yield functions, read, path, module


def _source(name):
    """Return (a function of C that returns the code of a file, what it is given), by its name."""
    below = _obelisk.path_below(name)
    if below is not None:
        return _payload.code, below
    module = name.removeprefix("<frozen ").removesuffix(">")
    if module in _OF_STREAMS or not _imp.is_frozen(module):
        return None, None
    return _imp.get_frozen_object, module


def _by_file(objects):
    """Return {name: functions}, by the file that they were compiled from."""
    found = {}
    for one in objects:
        if type(one) is type(_by_file):
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def _instead(*_, **__):
    """Stand in for such code."""
    message = "the code of a function was run in a way in which it is not read from the executable"
    if message:
        raise RuntimeError(message)
    # What uses a global variable is not handed to another interpreter as code, but by its name.
    return _nothing  # noqa: F821
