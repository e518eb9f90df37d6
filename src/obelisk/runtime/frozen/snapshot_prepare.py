"""Preparing a snapshot: importing what it holds, and saying what was found.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_prepare`.

What is in the snapshot happened in the order of a cold start, up to one point of it: imported is
what the main module imports before it does anything else. A module that is left out is treated in
the same way: it is not imported, but what it begins with is, and there the snapshot ends. Whatever
the settings add comes behind that, and then what a training run imported.
"""

import gc
import posix
import sys

import _frozen_importlib as _bootstrap
import _signal
import _weakref

import _obelisk
import _obelisk_payload as _payload
import _snapshot
import _obelisk_snapshot_deferred as _deferred
import _obelisk_snapshot_leading as _leading
import _obelisk_snapshot_repairs as _repairs
import _obelisk_snapshot_state as _state
import _obelisk_snapshot_streams as _streams
from _obelisk_snapshot_watch import MAIN, LeftOut, Watch

_END = 2
"""`os.SEEK_END`."""
_SHOWN = 80
"""Bytes of what a module prints that are repeated."""


class Preparation:
    """One attempt to import everything."""

    def __init__(self, imports, exclude, trained, rehearsal):
        """Take what is to be imported and what is not, before anything is."""
        self.imports = imports
        self.trained = trained
        self.excluded = frozenset(exclude)
        self.rehearsal = rehearsal
        self.streams = _streams.streams()
        self.signals = _handlers()
        self.reached = set()
        """Modules that are left out and whose first imports were imported."""

    def run(self):
        """Import; return what the restore needs, and what is reported."""
        output = _Output()
        try:
            looks = _Looks(output, self.rehearsal)
            self.watch = Watch(self.imports, self.excluded, looks, self.rehearsal)
            self._import_all()
            self.watch.close()
        finally:
            output.close()
        self.watch.refuse_failed()
        return self._results()

    def _import_all(self):
        _obelisk.run_pth()
        try:
            if _payload.main:
                self._import_main()
        except LeftOut:
            pass  # the next attempt leaves its importers out as well
        for name in self.imports:
            self._import_wanted(name)
        for name in self.trained:
            self._import_trained(name)

    # What the main module imports first.

    def _import_main(self):
        """Import it; return whether it came to the point where the main module does more."""
        parent = (_payload.module or "").rpartition(".")[0]
        if parent and not self._import(parent):
            return False
        code = _obelisk.start()
        return self._import_leading(code, sys.modules[MAIN].__package__ or "", is_main=True)

    def _import_leading(self, code, package, is_main=False):
        """Import what a module imports before it does anything else; return whether all of it."""
        for level, name, names in _leading.leading_imports(code, is_main):
            whole = _absolute(name, package, level)
            if whole is None or not self._import(whole):
                return False
            for part in names:
                if not self._import_part(whole, part):
                    return False
        return True

    def _import_part(self, name, part):
        """Do what `from name import part` does."""
        module = sys.modules[name]
        below = f"{name}.{part}"
        is_there = part == "*" or hasattr(module, part) or not hasattr(module, "__path__")
        if not is_there and below in self.excluded:
            return self._import(below)
        try:
            __import__(name, {}, None, (part,), 0)
        except Exception:
            return False
        return part == "*" or hasattr(module, part)

    def _import(self, name):
        """Import a module, or what one begins with that is left out; return whether it is in."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            above = ".".join(parts[:count])
            if above in self.excluded:
                self._reach(above)
                return False
            try:
                _bootstrap._gcd_import(above)
            except (LeftOut, KeyboardInterrupt):
                raise
            except BaseException:
                return False
        return True

    def _reach(self, name):
        """Import what a module begins with that is left out."""
        if name in self.reached:
            return
        self.reached.add(name)
        parent = name.rpartition(".")[0]
        spec = _bootstrap._find_spec(name, sys.modules[parent].__path__ if parent else None)
        get_code = getattr(getattr(spec, "loader", None), "get_code", None)
        code = get_code(name) if get_code else None
        if code is not None:
            package = name if spec.submodule_search_locations is not None else parent
            self._import_leading(code, package)

    # What the settings add.

    def _import_wanted(self, name):
        try:
            _bootstrap._gcd_import(name)
        except LeftOut:
            self._fail(f"`{name}` in `snapshot-imports` imports a module that is left out")
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            self._fail(f"`{name}` in `snapshot-imports` cannot be imported: {reason}")

    # What a training run imported.

    def _import_trained(self, name):
        failed = dict(self.watch.failed)
        try:
            if name not in sys.modules and not self._import(name):
                self.watch.failed = failed  # as in the training run, whose program went on
        except LeftOut:
            pass  # the next attempt leaves it out

    def _fail(self, message):
        if self.watch.error is None:
            self.watch.error = message

    # What comes of it.

    def _results(self):
        watch = self.watch
        for stream in self.streams:
            stream.note_changes()
        is_fine = not watch.again and watch.error is None
        beside = _payload.root.rpartition("/")[0]
        results = {
            "is_fine": is_fine,
            "beside": [
                position
                for position, path in enumerate(sys.path)
                if path == beside or (path.startswith(f"{beside}/") and not _is_own(path))
            ],
            "report": self._report(),
            "streams": self.streams,
            "signals": (self.signals, _handlers()),
            "generators": list(watch.generators),
            "repairs": _repairs.needed(watch.modules.noted),
            "fork_hooks": watch.fork_hooks,
            "put": watch.put,
            "variables": watch.changed_variables(),
        }
        if is_fine:
            files = [(guard, None) for _, guard in sorted(watch.files.items())]
            _snapshot.guard(sorted(watch.guards.items()) + files)
            if not self.rehearsal:
                for stream in self.streams:
                    stream.leave()
        return results

    def _report(self):
        watch = self.watch
        report = {
            "again": list(watch.again) if watch.error is None else [],
            "error": watch.error,
            "problems": [
                {"module": module, "kind": kind, "reason": reason, "detail": detail}
                for module, kind, reason, detail in watch.problems
            ],
            "modules": list(watch.loaded),
            "guards": sorted(name.decode(errors="replace") for name in watch.guards),
            "files": sorted(path.decode(errors="replace") for path in watch.files),
            "reads": [
                {"kind": kind, "name": name, "module": module} for kind, name, module in watch.reads
            ],
            "native_threads": list(watch.native),
        }
        return _json(report).encode()


def _is_own(path):
    return path == _payload.root or path.startswith(f"{_payload.root}/")


class _Looks:
    """What is compared before and after each module: the process, and what it printed."""

    def __init__(self, output, rehearsal):
        self._output = output
        self._state = _state.State() if rehearsal else None

    def changes(self):
        """Return [(kind, reason, detail)] since the last look."""
        found = self._output.changes()
        return found + self._state.changes() if self._state else found


class _Output:
    """Keeps what modules print out of the build's own output."""

    def __init__(self):
        _flush()
        self._kept = [(number, posix.dup(number)) for number in (1, 2)]
        self._file = posix.memfd_create("printed")
        for number, _ in self._kept:
            posix.dup2(self._file, number)
        self._size = 0

    def changes(self):
        """Return what was printed since the last look."""
        _flush()
        end = posix.lseek(self._file, 0, _END)
        if end == self._size:
            return []
        text = posix.pread(self._file, _SHOWN, self._size).decode(errors="replace")
        self._size = end
        return [("output", "prints", text.strip().partition("\n")[0])]

    def close(self):
        """Put the descriptors back."""
        for number, kept in self._kept:
            posix.dup2(kept, number)
            posix.close(kept)
        posix.close(self._file)


def _flush():
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        try:
            stream.flush()
        except Exception:  # it is closed, or of the program's own
            continue


def _handlers():
    return {number: _signal.getsignal(number) for number in sorted(_signal.valid_signals())}


def _absolute(name, package, level):
    """Return the name of a module without leading dots; None for one above the top."""
    if level == 0:
        return name
    parts = package.split(".")
    if not package or level > len(parts):
        return None
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, name] if name else parts)


def _json(value):
    """Return a value as JSON, in ASCII; the standard library's writer may have been left out."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(key)}: {_json(value[key])}" for key in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_json, value)) + "]"
    if value is None:
        return "null"
    units = str(value).encode("utf-16-be", "surrogatepass")
    codes = [units[place] << 8 | units[place + 1] for place in range(0, len(units), 2)]
    return '"' + "".join(map(_escaped, codes)) + '"'


def _escaped(code):
    is_plain = 0x20 <= code < 0x7F and chr(code) not in '"\\'
    return chr(code) if is_plain else f"\\u{code:04x}"


def settle(kept):
    """Make the memory that is written one that a restored process hardly writes to.

    Add to `kept` what is needed to end such a process.
    """
    del sys.modules["_snapshot"]
    for path in list(sys.path_importer_cache):
        if not _is_own(path):
            # What is on the disk there belongs to this machine.
            del sys.path_importer_cache[path]
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()  # the program did not ask for these collections
    gc.collect()
    gc.collect()
    _deferred.defer(gc.get_objects())
    _snapshot.compact(gc.get_objects())
    gc.collect()  # memory that Python keeps for new objects would be in the snapshot
    kept["gc"] = gc
    kept["finalized"] = list(_references(gc.get_objects()))
    gc.callbacks.extend(callbacks)
    _snapshot.immortalize(gc.get_objects())
    gc.freeze()


def _references(objects):
    """Yield weak references to those of the objects that have finalizers."""
    for one in objects:
        if _snapshot.has_finalizer(one):
            try:
                yield _weakref.ref(one)
            except TypeError:
                continue  # there are none to it
