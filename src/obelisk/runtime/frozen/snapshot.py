"""A start-up snapshot's Python side: what is imported before it, and what is set right after it.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot`. `prepare` runs in the build, once
or more often as a rehearsal and then for the memory that is written; `restore` runs at the start of
the program, before its main module; `finish` at its end. Between the two a program must not be able
to tell that its modules were imported by another process.
"""

import sys

import _signal
import posix

import _obelisk_payload as _payload
import _snapshot
import _obelisk_snapshot_end as _end

_kept = {}
"""What `restore` needs, by its name."""


def prepare(imports, exclude):
    """Import what the snapshot holds; return whether it may be written.

    `imports`: modules that are imported besides those that the main module begins with. `exclude`:
    modules that are left for the program to import; stdin has more of them, each in a line, behind
    the first line, which is `rehearsal` or `take`; and, behind a `+`, those that a training run
    imported. In a rehearsal, whose memory is not written, it is noticed what the modules hold that
    cannot be kept. The report says what was found.
    """
    kind, *names = _read_request().split()
    trained = [name[1:] for name in names if name[0] == "+"]
    names = [name for name in names if name[0] != "+"]
    before = set(sys.modules)
    import _obelisk_snapshot_prepare as preparing

    # The program imports for itself what was imported for this only.
    for name in set(sys.modules) - before:
        del sys.modules[name]
    is_rehearsal = kind == "rehearsal"
    results = preparing.Preparation(imports, [*exclude, *names], trained, is_rehearsal).run()
    _snapshot.report(results.pop("report"))
    is_fine = results.pop("is_fine") and not is_rehearsal
    if is_fine:
        _kept.update(results)
        settle = preparing.settle
        del preparing, results
        settle(_kept)
    return is_fine


def _read_request():
    return b"".join(iter(lambda: posix.read(0, 1 << 16), b"")).decode()


def restore():
    """Make this process, of which the snapshot knew nothing, the program's own."""
    argv, variables, executable = _snapshot.process()
    _set_environment(variables)
    sys.argv[:] = argv
    sys.orig_argv[:] = argv
    sys.executable = sys._base_executable = executable
    for position in _kept["beside"]:
        # `$ORIGIN` was the folder of a path that is the same in each process.
        below = sys.path[position].removeprefix(_payload.root.rpartition("/")[0])
        sys.path[position] = executable.rpartition("/")[0] + below
    for stream in _kept["streams"]:
        stream.restore()
    _set_signals()
    for generator in _kept["generators"]:
        found = generator()
        if found is not None:
            found.seed()
    for repair, module in _kept["repairs"]:
        repair(module)
    for functions in _kept["fork_hooks"]:
        posix.register_at_fork(**functions)


def finish():
    """Do what ends of objects do; return whether Python need not be finalised for more."""
    return _end.finish(_kept["finalized"], _kept["gc"])


def _set_environment(variables):
    environment = posix.environ
    environment.clear()
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if equals:
            environment.setdefault(name, value)
    for name, value in _kept["put"].items():
        if value is None:
            posix.unsetenv(name)
        else:
            posix.putenv(name, value)
    for name, value in _kept["variables"].items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value


def _set_signals():
    """Set the handlers as CPython's start does, and then those that modules had set.

    Signals that the parent process ignores stay ignored.
    """
    ignored = _snapshot.ignored()
    first, last = _kept["signals"]
    for number, handler in last.items():
        if handler is None:
            continue  # it is one in C
        if handler != first[number]:
            _signal.signal(number, handler)
        elif number in ignored:
            _signal.signal(number, _signal.SIG_IGN)
        elif handler is not _signal.SIG_DFL:
            _signal.signal(number, handler)
    _snapshot.renew_signals()
