"""What is replaced in modules of the standard library while others are watched that use them.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_modules`.
"""

import posix
import sys

import _frozen_importlib_external as _external
import _weakref

import _obelisk_snapshot_repairs as _repairs

_OF_SYS = {
    "argv": "argv",
    "orig_argv": "argv",
    "executable": "executable",
    "_base_executable": "executable",
}
_OF_TIME = dict.fromkeys(("tzname", "timezone", "altzone", "daylight"), "time zone")
_OF_UNAME = ("system", "node", "release", "version", "machine")
_OF_HOST = ("node", "release", "version")
_instead = None
"""Its name stands for that of a global function of another module."""


class Modules:
    """Replaces functions for a `Watch`, and puts them back."""

    def __init__(self, watch):
        """Replace nothing yet."""
        self.watch = watch
        self.noted = {}
        """What repairs found out of modules that were just loaded."""
        self._undo = []
        self._arrangements = {
            "_locale": self._watch_locale,
            "_ssl": self._seed_openssl,
            "gettext": self._watch_gettext,
            "multiprocessing.process": self._watch_key,
            "os": self._watch_environment,
            "platform": self._watch_platform,
            "random": self._watch_random,
            "sysconfig": self._watch_sysconfig,
            "tempfile": self._watch_tempfile,
            "time": self._watch_time,
        }

    def begin(self):
        """Arrange what is there already."""
        self._at_fork = posix.register_at_fork
        self.replace(posix, "register_at_fork", self._register_at_fork)
        self._watch_attributes(sys, _OF_SYS)
        for name in {*_repairs.REPAIRS, *self._arrangements} & {*sys.modules}:
            self.arrange(name, sys.modules[name])

    def end(self):
        """Put everything back."""
        for undo in reversed(self._undo):
            undo()

    def arrange(self, name, module):
        """Do what is to be done with a module that was just loaded."""
        for number, repair in enumerate(_repairs.REPAIRS.get(name, ())):
            if repair.at_load is not None:
                self.noted[name, number] = repair.at_load(module)
        arrange = self._arrangements.get(name)
        if arrange is not None:
            arrange(module)

    def replace(self, place, name, value):
        """Set an attribute until the end."""
        old = getattr(place, name)
        setattr(place, name, value)
        self._undo.append(lambda: setattr(place, name, old))

    def _register_at_fork(self, **functions):
        # A restore is the child of a fork to C, but not to the program.
        if self.watch.is_over:
            self._at_fork(**functions)
        else:
            self.watch.fork_hooks.append(functions)

    def _watch_attributes(self, module, kinds):
        """Notice when attributes of a module are read: they are behind its `__getattr__` (PEP 562).

        Its type stays what it is, which is taken for that of all modules.
        """
        space = module.__dict__
        values = {name: space.pop(name) for name in kinds if name in space}

        def find(name):
            if name not in values:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            self.watch.read(kinds[name], "")
            return values[name]

        def undo():
            del space["__getattr__"]
            for name, value in values.items():
                space.setdefault(name, value)

        space["__getattr__"] = find
        self._undo.append(undo)

    def _watch_time(self, module):
        self._watch_attributes(module, _OF_TIME)

    def _watch_environment(self, module):
        watch = self.watch
        kind = module._Environ
        get, delete, iterate = kind.__getitem__, kind.__delitem__, kind.__iter__
        count = kind.__len__

        def getitem(environ, key):
            watch.variable(environ.encodekey(key))
            return get(environ, key)

        def delitem(environ, key):
            watch.variable(environ.encodekey(key))
            delete(environ, key)

        def iterate_all(environ):
            watch.read("environment", "")
            return iterate(environ)

        def count_all(environ):
            watch.read("environment", "")
            return count(environ)

        self.replace(kind, "__getitem__", getitem)
        self.replace(kind, "__delitem__", delitem)
        self.replace(kind, "__iter__", iterate_all)
        self.replace(kind, "__len__", count_all)
        self._watch_writing(module)
        # It has been imported from `posix`, where it is replaced.
        module.register_at_fork = self._register_at_fork
        self._undo.append(lambda: setattr(module, "register_at_fork", self._at_fork))

    def _watch_writing(self, module):
        watch = self.watch
        put, unset = module.putenv, module.unsetenv

        def putenv(name, value, /):
            put(name, value)
            watch.wrote(module.fsencode(name), module.fsencode(value))

        def unsetenv(name, /):
            unset(name)
            watch.wrote(module.fsencode(name), None)

        self.replace(module, "putenv", putenv)
        self.replace(module, "unsetenv", unsetenv)

    def _seed_openssl(self, module):
        """Let OpenSSL seed its generators now: a restore seeds them anew, whoever draws of them."""
        self.watch.quietly(lambda: module.RAND_bytes(1))

    def _watch_locale(self, module):
        """Notice who asks for the locale: the build's is always the same."""
        watch = self.watch
        set_locale = module.setlocale

        def setlocale(category, locale=None, /):
            if locale is None:
                watch.read("locale", "")
            return set_locale(category, locale)

        self.replace(module, "setlocale", setlocale)

    def _watch_key(self, module):
        """Notice who reads the key by which processes know each other: a restore draws another."""
        watch = self.watch
        kind = module.BaseProcess
        key = kind.authkey

        def authkey(process):
            watch.read("random", "")
            return key.fget(process)

        self.replace(kind, "authkey", key.getter(authkey))

    def _watch_platform(self, module):
        """Tell what every host has in common from what is this one's."""
        watch = self.watch
        plain = watch.quietly(module.uname)
        watched = type("uname_result", (type(plain),), {})
        for name in _OF_HOST:
            value = getattr(plain, name)
            setattr(watched, name, property(lambda _, value=value: watch.read("host", "") or value))
        module._uname_cache = watched(*(getattr(plain, name) for name in _OF_UNAME))
        self._undo.append(lambda: setattr(module, "_uname_cache", None))

    def _watch_sysconfig(self, module):
        """Let it find the user's folder without a note: a restore lets it find that again."""
        find = module._getuserbase
        self.replace(module, "_getuserbase", lambda: self.watch.quietly(find))

    def _watch_tempfile(self, module):
        """Let it find out where files can be made: a restore forgets that."""
        find = module._get_default_tempdir

        def find_it(*arguments, **named):
            found = self.watch.without_files(lambda: find(*arguments, **named))
            self.noted[module.__name__, 0] = found  # the repair is to tell it from one that is set
            return found

        self.replace(module, "_get_default_tempdir", find_it)

    def _watch_gettext(self, module):
        """Let it look for translations without a note where the executable can have none."""
        find = module.find

        def find_it(domain, localedir=None, *arguments, **named):
            if localedir is None and not _external._path_isdir(module._default_localedir):
                return self.watch.quietly(lambda: find(domain, localedir, *arguments, **named))
            return find(domain, localedir, *arguments, **named)

        self.replace(module, "find", find_it)

    def _watch_random(self, module):
        """Know the generators that the system seeded: they are seeded anew by a restore.

        Who draws of one, or copies its state, is noticed; one that gets a state of the program's
        own is none of these any more.
        """
        watch = self.watch

        def seed(generator, a=None, version=2):
            watch.look()  # it may have been drawn of
            if a is None:
                watch.quietly(lambda: _seed(generator))
                watch.generators[_weakref.ref(generator)] = _get(generator)
            else:
                _seed(generator, a, version)
                watch.generators.pop(_weakref.ref(generator), None)

        def setstate(generator, state):
            watch.look()
            _set(generator, state)
            watch.generators.pop(_weakref.ref(generator), None)

        def getstate(generator):
            if _weakref.ref(generator) in watch.generators:
                watch.read("random", "")
            return _get(generator)

        kind = module.Random
        _seed = self._replace_code(kind.seed, seed)
        _set = self._replace_code(kind.setstate, setstate)
        _get = watch.state_of_generator = self._replace_code(kind.getstate, getstate)
        watch.generators[_weakref.ref(module._inst)] = _get(module._inst)

    def _replace_code(self, function, instead):
        """Let a method call another function until the end; return one with its own code.

        Other modules may have the method already, as `random.seed` is one of an object.
        """
        code = function.__code__
        own = type(function)(
            code, function.__globals__, code.co_name, function.__defaults__, function.__closure__
        )
        name = f"_obelisk_{code.co_name}"
        function.__globals__[name] = instead
        function.__code__ = _calling(name, code)

        def undo():
            function.__code__ = code
            del function.__globals__[name]

        self._undo.append(undo)
        return own


def _calling(name, code):
    """Return code that calls a global function, and can be that of a function with `code`."""
    __class__ = None

    def with_class(*arguments, **named):
        __class__  # noqa: B018 - the code has this free variable
        return _instead(*arguments, **named)

    def without(*arguments, **named):
        return _instead(*arguments, **named)

    chosen = (with_class if code.co_freevars else without).__code__
    names = tuple(name if one == "_instead" else one for one in chosen.co_names)
    return chosen.replace(co_names=names)
