"""What functions do that no training run called, each used in another way: a line for each."""

import asyncio
import atexit
import ctypes
import dis
import functools
import gc
import inspect
import io
import os
import pickle
import pydoc
import signal
import sys
import threading
import traceback
import types
import weakref

from deferred_modules import kinds


def deferred():
    try:
        import _snapshot
    except ImportError:
        return None
    return list(_snapshot.deferred())


def calls():
    yield kinds.plain(1, 2, 3, third=4, fourth=5)
    yield kinds.plain(first=1)
    yield kinds.plain(*(1, 2), **{"x": 3})
    yield functools.partial(kinds.positional, 1, third=3)(2)
    yield kinds.short(6, right=7)
    yield kinds.closure(), kinds.closure(1)
    yield kinds.outer(3)(), kinds.outer(4)()
    yield kinds.wrapped(1), kinds.wrapped.__wrapped__.__name__, kinds.wrapped.__doc__
    yield kinds.sliced([1, 2, 3, 4], "b")
    yield list(kinds.counting(3))
    yield asyncio.run(kinds.awaiting(1))
    yield asyncio.run(_collect())
    yield list(map(kinds.key, [1, 2])), sorted([1, 3, 2], key=kinds.key)
    yield sorted([(2,), (1,)], key=functools.cmp_to_key(kinds.compare))


async def _collect():
    return [one async for one in kinds.counting_slowly(3)]


def errors():
    for call in (
        lambda: kinds.positional(1, 2),
        lambda: kinds.positional(first=1, second=2, third=3),
        lambda: kinds.failing(0),
    ):
        try:
            call()
        except Exception:
            yield traceback.format_exc().replace(os.fspath(kinds.__file__), "FILE").splitlines()[-3:]


def looks():
    code = kinds.annotated.__code__
    yield code.co_varnames, code.co_flags, code.co_firstlineno, code.co_qualname
    yield os.path.basename(code.co_filename), code.co_filename == kinds.__file__
    yield str(inspect.signature(kinds.annotated)), inspect.get_annotations(kinds.annotated)
    yield kinds.annotated.__annotations__, kinds.annotated.__defaults__
    yield inspect.getsource(kinds.source), inspect.isgeneratorfunction(kinds.counting)
    yield inspect.iscoroutinefunction(kinds.awaiting), inspect.isasyncgenfunction(kinds.counting_slowly)
    text = io.StringIO()
    dis.dis(kinds.recursing, file=text)
    yield text.getvalue()
    referents = gc.get_referents(kinds.handle)
    yield sorted(type(one).__name__ for one in referents), kinds.handle.__code__ in referents
    yield kinds.handle.__code__ is kinds.handle.__code__
    constants = kinds.sliced.__code__.co_consts
    yield sorted(str(sorted(one) if isinstance(one, frozenset) else one) for one in constants)
    yield kinds.Record.__post_init__.__code__.co_consts
    yield pickle.loads(pickle.dumps(kinds.pickled)) is kinds.pickled
    yield sys.getsizeof(kinds.pickled), repr(kinds.pickled).split(" at ")[0]
    yield inspect.getclosurevars(kinds.closure).nonlocals


def texts():
    yield kinds.documented.__doc__, kinds.shown.__doc__, kinds.Named.method.__doc__
    yield inspect.getdoc(kinds.helped), pydoc.render_doc(kinds.helped, renderer=pydoc.plaintext)
    yield repr(kinds.shown).split(" at ")[0], str(kinds.Named().method).split(" of ")[0]
    yield types.FunctionType.__repr__(kinds.represented).split(" at ")[0]
    kinds.described.__doc__ = 3
    yield kinds.described.__doc__, kinds.described.__code__.co_consts
    del kinds.undocumented.__doc__
    yield kinds.undocumented.__doc__, kinds.undocumented()
    kinds.Named.renamed.__qualname__ = "other"
    yield repr(kinds.Named.renamed).split(" at ")[0], kinds.Named.renamed.__doc__
    try:
        kinds.Named.misnamed.__qualname__ = 3
    except TypeError as error:
        yield str(error)
    yield kinds.Named.misnamed.__qualname__, kinds.Named.misnamed.__name__
    yield kinds.retold.__wrapped__.__qualname__, kinds.retold.__doc__


def changes():
    kinds.replaced.__code__ = kinds.replacing.__code__
    yield kinds.replaced(), kinds.replacing()
    try:
        kinds.copied.__code__ = kinds.closure.__code__
    except ValueError as error:
        yield str(error)
    kinds.copied.__code__ = kinds.copied.__code__.replace(co_name="other")
    kinds.copied.__defaults__ = (6,)
    yield kinds.copied(), kinds.copied.__code__.co_name
    yield types.FunctionType(kinds.traced.__code__, {})(1)
    del kinds.gone
    gc.collect()


def classes():
    one = kinds.Everything(4)
    yield one, one == kinds.Everything(4), hash(one), {one: 1}[kinds.Everything(4)], one(1), one[2]
    yield one.nothing, len(one), list(one), one + 1, one.of_class(), one.static(2), bool(one)
    yield one.attribute, kinds.Everything.attribute, one.doubled, one.cached
    one.doubled = 10
    one.attribute = 3
    yield one.number, one.doubled, vars(one)
    with one as found:
        yield found
    with one:
        raise ValueError
    yield sorted([kinds.Everything(2), kinds.Everything(1)]), kinds.Everything[int]

    class Below(kinds.Base, key=1):
        pass

    yield kinds.Base.known[-1], Below.__mro__[1].__name__
    yield kinds.Record(1), kinds.Record(1) < kinds.Record(2), kinds.Record(3) == kinds.Record(3)
    yield kinds.recursing(50)


def systems():
    signal.signal(signal.SIGUSR1, kinds.handle)
    os.kill(os.getpid(), signal.SIGUSR1)
    yield "signalled"
    value = threading.Event()
    reference = weakref.ref(value, kinds.called_back)
    del value
    yield reference() is None
    integers = (ctypes.c_int * 3)(3, 1, 2)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    ctypes.CDLL(None).qsort(integers, 3, ctypes.sizeof(ctypes.c_int), kind(kinds.compare))
    yield list(integers)
    found = []
    threads = [threading.Thread(target=kinds.in_thread, args=(found,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield found
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        print(kinds.in_child(), flush=True)
        os._exit(0)
    yield os.waitpid(child, 0)[1], kinds.in_child()


def tools():
    seen = []

    def trace(frame, event, _):
        if frame.f_code.co_filename == kinds.__file__:
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
        return trace

    sys.settrace(trace)
    kinds.traced(1)
    sys.settrace(None)
    yield seen
    tool, events = 3, sys.monitoring.events
    starts = []
    sys.monitoring.use_tool_id(tool, "test")
    sys.monitoring.register_callback(tool, events.PY_START, lambda code, _: starts.append(code.co_name))
    sys.monitoring.set_events(tool, events.PY_START)
    kinds.monitored(1)
    sys.monitoring.set_events(tool, 0)
    sys.monitoring.free_tool_id(tool)
    yield starts[:1]
    calls_seen = []
    sys.setprofile(lambda frame, event, _: calls_seen.append((event, frame.f_code.co_name)))
    kinds.key(1)
    sys.setprofile(None)
    yield calls_seen[:2]


def deep(depth):
    return deep(depth - 1) if depth else kinds.recursing(depth)


def limits():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 40)
    try:
        kinds.recursing(100)
    except RecursionError as error:
        yield str(error)
    finally:
        sys.setrecursionlimit(limit)
    yield kinds.recursing(100)
    yield [kinds.specialized(number) for number in range(100)][-1]
    for number in range(100):
        _calling(number)
    instructions = dis.get_instructions(_calling, adaptive=True)
    yield [one.opname for one in instructions if one.opname.startswith("CALL")]


def _calling(number):
    return kinds.specialized(number)


def ends():
    kept.append(kinds.Finalized("last"))
    kinds.Finalized("first")
    atexit.register(kinds.last)
    yield len(kept)


kept = []


def hooks():
    seen = []
    sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("object.") else None)
    kinds.audited()
    yield kinds.audited.__code__.co_name, seen


def main():
    """Use functions in the ways that arguments name: a training run has none."""
    for name in sys.argv[1:]:
        for number, line in enumerate(globals()[name]()):
            print(name, number, line)
    print("deferred", deferred())

if __name__ == "__main__":
    main()
