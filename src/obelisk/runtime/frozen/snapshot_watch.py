"""Watching what modules do while a snapshot is prepared: what they read, print, draw and change.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_watch`.
"""

import posix
import sys

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external

import _obelisk_payload as _payload
import _snapshot
from _obelisk_snapshot_modules import Modules

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
    "limits": "reads resource limits",
    "locale": "reads the locale",
    "random": "draws random numbers",
}
"""What is wrong in another process; other kinds of reading are only listed. A process's number is
mostly kept to notice a fork, and while a snapshot is made it is one that no process has."""
_OF_FILES = {
    "file": "reads a file outside the executable",
    "written": "writes a file",
    "found": None,
    "absent": None,
}
"""What happens to files, and what is wrong about it."""
_OF_SYSTEM = (b"/dev/", b"/proc/", b"/sys/")
"""Where files are that are no two machines' alike."""
_HARMLESS = frozenset(
    (
        ("_sqlite3", b"SQLITE_TMPDIR"),  # and again after a restore
        ("_sqlite3", b"TMPDIR"),
        ("sysconfig", b"HOME"),
        ("numpy", "host"),  # whether the kernel is older than 4.6
        ("numpy._core._add_newdocs_scalars", "host"),  # the machine
        ("rich", "cwd"),  # repaired
        ("rich.style", "random"),  # numbers of links in one process
        # Keys of one process's context.
        ("fastapi.telemetry._api", "random"),
        ("opentelemetry.baggage", "random"),
        ("opentelemetry.context", "random"),
        ("opentelemetry.trace.propagation", "random"),
    ),
)
"""What a module asks for without keeping the answer, or to find out what is so everywhere."""
_OF_NATIVE_CODE = frozenset(("random", "cpus", "host", "user", "locale"))
"""What native code asks for to seed hash maps and to size pools, or its libraries on their own; and
that of pandas, to see later whether the locale is another."""


class LeftOut(BaseException):
    """Ends the import of a module that is left out, whatever it would catch."""


class Watch:
    """Knows which module is being imported, and attributes to it what happens."""

    def __init__(self, asked_for, excluded, state, is_rehearsal):
        """Start to watch. `state` notices what the process holds and prints."""
        self.is_rehearsal = is_rehearsal
        self.is_over = False
        """Whether somebody who calls this kept a function that was replaced."""
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
        self.files = {}
        """Guards of files, by their paths (runtime/c/snapshot/guards.c)."""
        self._searched = tuple(
            path.encode(errors="surrogateescape")
            for path in sys.path
            if not path.startswith(_payload.root)
        )
        self.written = set()
        self._is_quiet = False
        self.callbacks = set()
        """Targets of descriptors that libffi has for callbacks, which the runtime puts in order."""
        self.put = {}
        self.fork_hooks = []
        self.native = {}
        self.native_code = set()
        self.loaded = {}
        self._environment = dict(posix.environ)
        self.generators = {}
        """States of generators that the system seeded, by weak references to them."""
        self.state_of_generator = None
        self._load = _bootstrap._load_unlocked
        self.modules = Modules(self)
        self.modules.replace(_bootstrap, "_load_unlocked", self.load)
        if any(not path.startswith(_payload.root) for path in sys.path):
            self._watch_absence()
        self.modules.begin()
        _snapshot.reads()

    def close(self):
        """Put everything back."""
        self.callbacks.clear()  # the names are other ones in each process
        self.look()
        self.modules.end()
        self.is_over = True

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
        failed = dict(self.failed)
        try:
            module = self._load(spec)
            self.modules.arrange(name, module)
        except BaseException as error:
            self.look()
            if not isinstance(error, LeftOut):
                self.failed.setdefault(name, (f"raises {type(error).__name__}", str(error)))
            raise
        else:
            # It goes on without what it could not import.
            self.failed = failed
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
            if spec is None and path is None and self._is_of_program():
                self._refuse(self.module, "absent", "looks for a module outside", name)
            return spec

        self.modules.replace(_bootstrap, "_find_spec", find_spec)

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
        if self.is_over:
            return
        self._look_at_reads()
        for reference, last in self.generators.items():
            generator = reference()
            state = last if generator is None else self.state_of_generator(generator)
            if state != last:
                self.generators[reference] = state
                self.read("random", "")
        for kind, reason, detail in self.state.changes():
            if kind == "native-thread":
                self.native[self.module] = None
            elif detail not in self.callbacks:
                self._refuse(self.module, kind, reason, detail)
        _snapshot.reads()  # what looking itself asked

    def _look_at_reads(self):
        for row in _snapshot.reads():
            self.note(*row)

    def note(self, kind, name, value):
        """Notice what was asked for in C."""
        if kind in _OF_FILES:
            self.file(kind, name)
        elif kind == "callbacks":
            self.callbacks.add(posix.readlink(b"/proc/self/fd/" + name).decode(errors="replace"))
        elif kind != "environment":
            self.read(kind, "")
        elif name not in _OF_LOCALE:
            self.variable(name, value)
        elif name != b"TZ" and self._is_of_program():
            self._refuse(self.module, "locale", "sets the locale")

    def read(self, kind, name):
        """Notice that something was read that is other than this in another process."""
        module = self.module
        if self.is_over:
            return
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
        is_known = name in self.written or (module, name) in _HARMLESS
        if is_known or self._is_quiet or self.is_over:
            return
        self.reads["variable", name.decode(errors="replace"), module] = None
        if name in _VARYING and not self._is_wanted and module != MAIN:
            self._refuse(module, "variable", f"reads the variable {name.decode()}")
        else:
            self.guards.setdefault(name, self._environment.get(name, value))

    def file(self, kind, path):
        """Notice that a file outside the executable was asked for."""
        if self.is_over or path.startswith(self._searched):
            return  # of what the import system finds there, and does not find, another rule is
        name = path.decode(errors="replace")
        reason = _OF_FILES[kind]
        if reason is not None:
            self.reads[kind, name, self.module] = None
            if self._is_of_program() and not self._is_wanted and not path.startswith(b"/dev/"):
                self._refuse(self.module, kind, reason, name)
        if path == b"/proc" or path.startswith(_OF_SYSTEM) or kind == "written":
            return
        guard = path if kind == "absent" else b"+" + path
        if kind == "file":
            check = _snapshot.file_check(path)
            guard = b"+" + path if check is None else b"=" + check + path
        if kind == "file" or path not in self.files:
            self.files[path] = guard

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

    def wrote(self, name, value):
        """Notice that a variable was set, or removed if `value` is None."""
        self.written.add(name)
        self.put[name] = value

    def quietly(self, ask):
        """Return the answer to a question that nobody keeps."""
        self.look()
        self._is_quiet = True
        try:
            return ask()
        finally:
            self._is_quiet = False
            _snapshot.reads()

    def without_files(self, ask):
        """Return the answer to a question that is not about files, whatever they are needed for."""
        self.look()
        try:
            return ask()
        finally:
            for kind, name, value in _snapshot.reads():
                if kind not in _OF_FILES:
                    self.note(kind, name, value)

    # What is kept for the restore.

    def changed_variables(self):
        """Return {name: value or None} of the environment that modules changed."""
        old, new = self._environment, posix.environ
        names = sorted({*old, *new})
        return {name: new.get(name) for name in names if old.get(name) != new.get(name)}
