"""The end of a process that goes on from a snapshot, where programs see it.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_end`. CPython clears all modules at
the end, which would write to nearly all of the snapshot's memory.
"""

import sys

import _io
import _warnings

import _snapshot

_STREAMS = ("stdin", "stdout", "stderr")
_OF_PYTHON = 0
"""The rank of what has `__del__` in Python, or is suspended: it may use anything."""
_FILE_OF_PYTHON = 2
_LAYERS = (
    (1, _io.TextIOWrapper),
    (3, (_io.BufferedReader, _io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair)),
    (4, _io.FileIO),
)
"""Ranks of files in C."""
_IN_C = 5
"""That of all else in C, such as sockets, to which files write."""


def _types_of_generators():
    def generator():
        yield

    async def coroutine():
        pass

    async def asynchronous():
        yield

    never_awaited = coroutine()
    never_awaited.close()
    return type(generator()), type(never_awaited), type(asynchronous())


_GENERATORS = _types_of_generators()


_FUNCTION = type(_types_of_generators)
_LASTING = (type, type(sys), type(len))
"""Classes and modules, which refer to nearly all that there is, as globals of functions do."""
_MOST = 20000
"""Objects that are looked at."""
_ROUNDS = 8
"""How often finalizers are called of what finalizers make."""


class _Python:
    """A class that is not in C."""


def finish(finalized, gc):
    """Do what ends of objects do, and return whether Python need not be finalised for more.

    `finalized` are weak references to those of the snapshot that have finalizers; `gc` is the
    module, which knows all others. It comes after threads and `atexit`, and after streams were
    flushed; no other thread runs any more. What CPython does then: finalizers of all that is alive
    are called while functions still have their globals, and the main module is cleared. What
    modules of the snapshot hold no garbage collection would find.
    """
    _tell_interpreters()
    _restore_streams()
    streams = _streams()
    main = _attribute(sys.modules.get("__main__"), "__dict__") or {}
    for _ in range(_ROUNDS):
        # Nothing else refers to the main module: its objects go first.
        own = list(filter(_snapshot.has_finalizer, main.values()))
        alive = _in_order([*own, *_alive(finalized, gc)], streams, gc)
        while alive and _rank(alive[-1]) != _OF_PYTHON:
            alive.pop()
        if not alive:
            break
        _snapshot.finalize(alive, streams)
        del own, alive
    _clear(main)
    left = _alive(finalized, gc)
    left.reverse()
    _snapshot.finalize(_in_order(left, streams, gc), streams)
    del left
    return not _snapshot.needs_end(gc.get_objects(), sys.stdlib_module_names, _Python)


def _alive(finalized, gc):
    """Return what has a finalizer, of the snapshot and then of others, as it was created."""
    objects = gc.get_objects()  # which has no list that it becomes a part of
    frozen = (reference() for reference in finalized)
    return list(filter(_snapshot.has_finalizer, (*frozen, *objects)))


def _in_order(objects, streams, gc):
    """Return objects by their ranks, but those first that refer to others: these may write to them.

    What many objects away refers to another is not looked for.
    """
    kept = set(map(id, streams))
    wanted = {id(one): one for one in objects if id(one) not in kept}
    objects = sorted(wanted.values(), key=_rank)
    if len(objects) < 2:
        return objects
    seen, found = set(), []
    for root in reversed(objects):
        # Each is found behind all that it refers to.
        waiting = [(root, False)]
        while waiting:
            one, is_done = waiting.pop()
            if is_done:
                found.append(one)
            elif id(one) not in seen:
                seen.add(id(one))
                if id(one) in wanted:
                    waiting.append((one, True))
                if len(seen) < _MOST:
                    waiting += [(other, False) for other in _referents(one, gc)]
    found.reverse()
    return found


def _referents(one, gc):
    kind = type(one)
    if kind is _FUNCTION:
        return one.__closure__, one.__defaults__, one.__kwdefaults__
    return () if issubclass(kind, _LASTING) else gc.get_referents(one)


def _rank(one):
    """Return when something is finalized: a file before that which it writes to."""
    kind = type(one)
    if issubclass(kind, _io._IOBase):
        return next((rank for rank, layer in _LAYERS if issubclass(kind, layer)), _FILE_OF_PYTHON)
    is_in_c = type(_attribute(kind, "__del__")) is type(object.__init__)
    return _IN_C if is_in_c and not issubclass(kind, _GENERATORS) else _OF_PYTHON


def _restore_streams():
    """Let the standard streams be those of the start, and the last exception go."""
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
    for name in _STREAMS:
        stream = getattr(sys, f"__{name}__", None)
        try:
            stream.closed  # noqa: B018 - who has the buffer of a detached one flushes it
        except Exception:  # it may be of the program's own
            stream = None
        setattr(sys, name, stream)


def _streams():
    """Return the standard streams and what they write to, which are flushed last of all."""
    found = [getattr(sys, name) for name in _STREAMS]
    for name in ("buffer", "raw"):
        found += [_attribute(one, name) for one in found[-len(_STREAMS) :]]
    return found


def _attribute(one, name):
    try:
        return getattr(one, name, None)
    except Exception:  # of the program's own code
        return None


def _clear(module):
    """Clear a module's names, as CPython does: what only these refer to goes."""
    names = [name for name in module if type(name) is str and name != "__builtins__"]
    names.sort(key=lambda name: not name.startswith("_") or name.startswith("__"))
    for name in names:
        module[name] = None


def _tell_interpreters():
    """Warn of other interpreters as CPython does, before finalizers of objects end these."""
    if sys.version_info < (3, 14) or _snapshot.is_alone():
        return
    text = "remaining subinterpreters; close them with Interpreter.close()"
    # CPython's own registry: it says nothing of those that are left.
    registry = sys.__dict__.setdefault("__warningregistry__", {})
    try:
        _warnings.warn_explicit(text, RuntimeWarning, "<sys>", 0, "sys", registry)
    except RuntimeWarning:
        pass  # CPython ignores it as well
