"""Watching what modules do while a snapshot is prepared: what they read, print, draw and change.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_watch`. Functions of the standard
library are replaced while modules are imported, and put back by `Watch.close`.
"""

import posix
import sys

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import _weakref

import _obelisk_payload as _payload
import _obelisk_snapshot_repairs as _repairs
import _snapshot

MAIN = "__main__"
_STDLIB = f"{_payload.root}/lib/python"
_PACKAGES = "/site-packages/"
_VARYING = frozenset(
    b"HOME USER LOGNAME HOSTNAME PATH PWD OLDPWD SHELL SHLVL TERM COLORTERM COLUMNS LINES LANG"
    b" LANGUAGE LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME TZ DISPLAY"
    b" XDG_RUNTIME_DIR XDG_SESSION_ID".split()
)
"""Variables that nearly every user has, each with a value of his own: if they had to have the
build's, no start would be from the snapshot."""
_OF_LOCALE = frozenset(name for name in _VARYING if name.startswith((b"LANG", b"LC_"))) | {
    b"MUSL_LOCPATH",
    b"TZ",
}
"""What libc reads at every start, and again after a restore."""
_READS = {
    "environment": "reads the whole environment",
    "argv": "reads the command line",
    "executable": "reads the executable's path",
    "cwd": "reads the working directory",
    "user": "reads who the user is",
    "host": "reads the host's name",
    "tty": "asks whether a stream is a terminal",
    "cpus": "counts the processors",
    "random": "draws random numbers",
}
"""What is wrong in another process; other kinds of reading are only listed. A process's number is
mostly kept to notice a fork, and while a snapshot is made it is one that no process has."""
_HARMLESS = frozenset(
    (
        ("_ctypes", b"LIBFFI_TMPDIR"),
        ("_ctypes", b"TMPDIR"),
        ("sysconfig", b"HOME"),
        ("numpy", "host"),  # whether the kernel is older than 4.6
        ("numpy._core._add_newdocs_scalars", "host"),  # the machine
    ),
)
"""What a module asks for without keeping the answer, or to find out what is so everywhere."""
_OF_NATIVE_CODE = frozenset(("random", "cpus", "host", "user"))
"""What native code asks for to seed hash maps and to size pools, or its libraries on their own."""
_OF_TRAMPOLINES = frozenset((("_ctypes", "descriptor"), ("_ctypes", "mapping")))
"""libffi maps code of the executable for callbacks, which the runtime puts in order."""
_OF_SYS = {
    "argv": "argv",
    "orig_argv": "argv",
    "executable": "executable",
    "_base_executable": "executable",
}
_OF_TIME = dict.fromkeys(("tzname", "timezone", "altzone", "daylight"), "time zone")
_OF_UNAME = ("system", "node", "release", "version", "machine")
_OF_HOST = ("node", "release", "version")


class LeftOut(BaseException):
    """Ends the import of a module that is left out, whatever it would catch."""


class Watch:
    """Knows which module is being imported, and attributes to it what happens."""

    def __init__(self, asked_for, excluded, state, is_rehearsal):
        """Start to watch. `state` notices what the process holds and prints."""
        self.is_rehearsal = is_rehearsal
        self.asked_for = frozenset(asked_for)
        self.excluded = excluded
        self.state = state
        self.stack = []
        self.problems = []
        self.again = {}
        self.error = None
        self.failed = {}
        self.reads = {}
        self.guards = {}
        self.written = set()
        self._is_quiet = False
        self.put = {}
        self.fork_hooks = []
        self.native = {}
        self.native_code = set()
        self.loaded = {}
        self.noted = {}
        self._environment = dict(posix.environ)
        self._undo = []
        self.generators = {}
        self._load = _bootstrap._load_unlocked
        self._replace(_bootstrap, "_load_unlocked", self.load)
        if any(not path.startswith(_payload.root) for path in sys.path):
            self._watch_absence()
        self._replace(posix, "register_at_fork", self._register_at_fork)
        self._watch_attributes(sys, _OF_SYS)
        _snapshot.reads()
        for name in {*_repairs.REPAIRS, *self._arrangements()} & {*sys.modules}:
            self._arrange(name, sys.modules[name])

    def close(self):
        """Put everything back."""
        self.look()
        for undo in reversed(self._undo):
            undo()

    # Which module it is.

    def load(self, spec):
        """Load a module as importlib does, and notice what it does."""
        name = spec.name
        self.look()
        if name in self.excluded:
            self._leave_out(self.stack)
            raise LeftOut(name)
        origin = spec.origin or ""
        if origin == "built-in" or isinstance(spec.loader, _external.ExtensionFileLoader):
            self.native_code.add(name)
        if origin.startswith("/") and not origin.startswith(f"{_payload.root}/"):
            self._refuse(name, "origin", "is imported from outside the executable", origin)
            raise LeftOut(name)
        self.stack.append(name)
        self._say_importing(name)
        try:
            module = self._load(spec)
            self._arrange(name, module)
        except BaseException as error:
            if not isinstance(error, LeftOut):
                self.failed.setdefault(name, (f"raises {type(error).__name__}", str(error)))
            raise
        else:
            self.loaded[name] = origin
            self.look()
        finally:
            self.stack.pop()
            self._say_importing(self.module)
        return module

    def _say_importing(self, name):
        """Tell the builder, for the case that the module hangs or crashes."""
        if self.is_rehearsal:
            _snapshot.report(b'{"importing": "%s"}' % name.encode("ascii", "backslashreplace"))

    def _watch_absence(self):
        """Notice what no finder finds: it may lie in a folder of the disk that is searched too."""
        find = _bootstrap._find_spec

        def find_spec(name, path, target=None):
            spec = find(name, path, target)
            if spec is None and path is None and self.module != MAIN:
                self._refuse(self.module, "absent", "looks for a module outside", name)
            return spec

        self._replace(_bootstrap, "_find_spec", find_spec)

    @property
    def module(self):
        """The module that is being imported."""
        return self.stack[-1] if self.stack else MAIN

    def _is_stdlib(self, name):
        spec = getattr(sys.modules.get(name), "__spec__", None)
        origin = getattr(spec, "origin", None) or ""
        inside = origin.startswith(_STDLIB) and _PACKAGES not in origin
        return origin in ("built-in", "frozen") or inside

    def _is_of_program(self):
        """Say whether a module written in Python, and not of the standard library, is imported."""
        name = self.module
        return name != MAIN and name not in self.native_code and not self._is_stdlib(name)

    # What is noticed of it.

    def look(self):
        """Notice what happened since the last look; it was done by the module on top."""
        for kind, name, value in _snapshot.reads():
            if kind != "environment":
                self.read(kind, "")
            elif name not in _OF_LOCALE:
                self.variable(name, value)
            elif name != b"TZ" and self._is_of_program():
                self._refuse(self.module, "locale", "sets the locale")
        for generator, last in self.generators.items():
            if generator() is not None and generator().getstate() != last:
                self.generators[generator] = generator().getstate()
                self.read("random", "")
        for kind, reason, detail in self.state.changes():
            if kind == "native-thread":
                self.native[self.module] = None
            elif (self.module, kind) not in _OF_TRAMPOLINES:
                self._refuse(self.module, kind, reason, detail)
        _snapshot.reads()  # what looking itself asked

    def read(self, kind, name):
        """Notice that something was read that is other than this in another process."""
        module = self.module
        if kind in ("pid", "time") and (module == MAIN or self._is_stdlib(module)):
            return  # their own business, such as the garbage collector's
        self.reads[kind, name, module] = None
        is_native = kind in _OF_NATIVE_CODE and module in self.native_code
        is_known = self._is_stdlib(module) or is_native or (module, kind) in _HARMLESS
        if kind in _READS and not (is_known or self._is_wanted):
            self._refuse(module, kind, _READS[kind])

    def variable(self, name, value=None):
        """Notice that a variable of the environment was read."""
        module = self.module
        if name in self.written or self._is_quiet or (module, name) in _HARMLESS:
            return
        self.reads["variable", name.decode(errors="replace"), module] = None
        if name in _VARYING and not self._is_wanted and module != MAIN:
            self._refuse(module, "variable", f"reads the variable {name.decode()}")
        else:
            self.guards.setdefault(name, self._environment.get(name, value))

    @property
    def _is_wanted(self):
        """Whether the module is one that the settings ask for."""
        return not self.asked_for.isdisjoint(self.stack[-1:])

    def refuse_failed(self):
        """Leave out the modules whose import raised an exception that nobody caught."""
        for name, reason in self.failed.items():
            self._refuse(name, "exception", *reason)

    def _refuse(self, module, kind, reason, detail=""):
        row = (module, kind, reason, detail)
        if row in self.problems:
            return
        self.problems.append(row)
        self._leave_out([*self.stack, module])

    def _leave_out(self, modules):
        wanted = [name for name in modules if name in self.asked_for]
        if modules == [MAIN] and self.error is None:
            self.error = f"the program {self.problems[-1][2]} before it imports anything"
        if wanted and self.error is None:
            why = f": {self.problems[-1][0]} {self.problems[-1][2]}" if self.problems else ""
            self.error = f"`{wanted[0]}` in `snapshot-imports` cannot be kept{why}"
        self.again.update(dict.fromkeys(name for name in modules if name != MAIN))

    # What is replaced.

    def _arrange(self, name, module):
        """Do what is to be done with a module that was just loaded."""
        for number, repair in enumerate(_repairs.REPAIRS.get(name, ())):
            if repair.at_load is not None:
                self.noted[name, number] = repair.at_load(module)
        arrange = self._arrangements().get(name)
        if arrange is not None:
            arrange(module)

    def _arrangements(self):
        return {
            "_ssl": self._seed_openssl,
            "os": self._watch_environment,
            "platform": self._watch_platform,
            "random": self._watch_random,
            "sysconfig": self._watch_sysconfig,
            "time": lambda module: self._watch_attributes(module, _OF_TIME),
        }

    def _replace(self, place, name, value):
        old = getattr(place, name)
        setattr(place, name, value)
        self._undo.append(lambda: setattr(place, name, old))

    def _register_at_fork(self, **functions):
        # A restore is the child of a fork to C, but not to the program.
        self.fork_hooks.append(functions)

    def _watch_attributes(self, module, kinds):
        """Notice when attributes of a module are read."""
        plain = type(module)
        get = plain.__getattribute__

        class Watched(plain):
            def __getattribute__(this, name):  # noqa: N805 - `self` is the watch
                if name in kinds:
                    self.read(kinds[name], "")
                return get(this, name)

        module.__class__ = Watched
        self._undo.append(lambda: setattr(module, "__class__", plain))

    def _watch_environment(self, module):
        kind = module._Environ
        get, delete, iterate = kind.__getitem__, kind.__delitem__, kind.__iter__

        def getitem(environ, key):
            self.variable(environ.encodekey(key))
            return get(environ, key)

        def delitem(environ, key):
            self.variable(environ.encodekey(key))
            delete(environ, key)

        def iterate_all(environ):
            self.read("environment", "")
            return iterate(environ)

        for name, function in (
            ("__getitem__", getitem),
            ("__delitem__", delitem),
            ("__iter__", iterate_all),
        ):
            self._replace(kind, name, function)
        self._watch_writing(module)
        self._replace(module, "register_at_fork", self._register_at_fork)
        # It was imported when `posix` had the same in its place.
        self._undo.append(lambda: setattr(module, "register_at_fork", posix.register_at_fork))

    def _watch_writing(self, module):
        put, unset = module.putenv, module.unsetenv

        def putenv(name, value, /):
            put(name, value)
            self._wrote(module.fsencode(name), module.fsencode(value))

        def unsetenv(name, /):
            unset(name)
            self._wrote(module.fsencode(name), None)

        self._replace(module, "putenv", putenv)
        self._replace(module, "unsetenv", unsetenv)

    def _wrote(self, name, value):
        self.written.add(name)
        self.put[name] = value

    def _seed_openssl(self, module):
        """Let OpenSSL seed its generators now: a restore seeds them anew, whoever draws of them."""
        self.look()
        module.RAND_bytes(1)
        _snapshot.reads()

    def _watch_platform(self, module):
        """Tell what every host has in common from what is this one's."""
        self.look()
        plain = module.uname()
        watched = type("uname_result", (type(plain),), {})
        for name in _OF_HOST:
            value = getattr(plain, name)
            setattr(watched, name, property(lambda _, value=value: self.read("host", "") or value))
        module._uname_cache = watched(*(getattr(plain, name) for name in _OF_UNAME))
        _snapshot.reads()
        self._undo.append(lambda: setattr(module, "_uname_cache", None))

    def _watch_sysconfig(self, module):
        """Let it find the user's folder, which a restore lets it find again, without a note."""
        find = module._getuserbase

        def find_quietly():
            self.look()
            self._is_quiet = True
            try:
                return find()
            finally:
                self._is_quiet = False
                _snapshot.reads()

        self._replace(module, "_getuserbase", find_quietly)

    def _watch_random(self, module):
        """Know the generators that the system seeded: they are seeded anew by a restore."""
        seed = module.Random.seed

        def seed_it(generator, a=None, version=2):
            self.look()
            seed(generator, a, version)
            if a is None:
                _snapshot.reads()
                self.generators[_weakref.ref(generator)] = generator.getstate()

        self._replace(module.Random, "seed", seed_it)
        self.generators[_weakref.ref(module._inst)] = module._inst.getstate()

    # What is kept for the restore.

    def changed_variables(self):
        """Return {name: value or None} of the environment that modules changed."""
        old, new = self._environment, posix.environ
        names = sorted({*old, *new})
        return {name: new.get(name) for name in names if old.get(name) != new.get(name)}
