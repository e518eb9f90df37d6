"""What modules found out of the process that imported them, and how they find it out again.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_repairs`. A module that does this
and is not here is left out of the snapshot (`_obelisk_snapshot_watch`).
"""

import posix
import sys

import time

import _snapshot


class Repair:
    """How one module is repaired. `at_load` is called with it when it was just imported."""

    def __init__(self, repair, at_load=None, is_needed=None):
        """`is_needed` is called with the module and what `at_load` returned, before the dump."""
        self.repair = repair
        self.at_load = at_load
        self.is_needed = is_needed


def _logging(module):
    module._startTime = time.time_ns()


def _faulthandler(module):
    module.disable()
    if sys.stderr is not None:
        module.enable()


def _faulthandler_of_module(module):
    # Its handlers are there; where they write to may be not.
    if sys.stderr is None:
        module.disable()


def _authkey(module):
    config = module._current_process._config
    return config["authkey"]


def _process(module):
    # Of a child that was forked or spawned by a restored process, this is a cold start's matter.
    try:
        module.ORIGINAL_DIR = posix.getcwd()
    except OSError:
        module.ORIGINAL_DIR = None


def _new_authkey(module):
    key = module.AuthenticationString(posix.urandom(32))
    module._current_process._config["authkey"] = key


def _legacy_key(module):
    """Return the state of numpy's global generator, but for how much of it was used."""
    return module._rand.get_state()[1].tobytes()


def _platform(module):
    module._uname_cache = None
    module._platform_cache.clear()


def _rich(module):
    try:
        module._IMPORT_CWD = posix.getcwd()
    except OSError:
        module._IMPORT_CWD = ""


def _spawn(module):
    module.set_executable(sys.executable)


def _sysconfig(module):
    real = module._safe_realpath(sys.executable)
    module._PROJECT_BASE = real.rpartition("/")[0]
    module._CONFIG_VARS = None
    module._CONFIG_VARS_INITIALIZED = False


def _openssl(module):
    _snapshot.configure_openssl()


def _tempfile(module):
    module.tempdir = None


def _threading(module):
    module._main_thread._set_native_id()


def _time(module):
    module.tzset()


def _uuid(module):
    module._node = None
    module._last_timestamp = None
    module._last_timestamp_v6 = None
    module._last_timestamp_v7 = None
    module._last_counter_v7 = 0


REPAIRS = {
    "_hashlib": [Repair(_openssl)],
    "_ssl": [Repair(_openssl)],
    "faulthandler": [
        # By the settings, before modules were imported.
        Repair(
            _faulthandler,
            lambda module: module.is_enabled(),
            lambda module, was_enabled: was_enabled and module.is_enabled(),
        ),
        Repair(_faulthandler_of_module),
    ],
    "logging": [Repair(_logging)],
    "multiprocessing.process": [
        Repair(_process),
        # A program may have set its own.
        Repair(_new_authkey, _authkey, lambda module, key: _authkey(module) is key),
    ],
    "multiprocessing.spawn": [
        Repair(
            _spawn,
            lambda module: module._python_exe,
            lambda module, path: module._python_exe == path,
        )
    ],
    "numpy.random.mtrand": [
        Repair(
            lambda module: module._rand.seed(),
            _legacy_key,
            lambda module, key: _legacy_key(module) == key,
        )
    ],
    "platform": [Repair(_platform)],
    "rich": [Repair(_rich)],
    "sysconfig": [Repair(_sysconfig)],
    "tempfile": [
        Repair(
            _tempfile,
            # Not one that the program chose.
            is_needed=lambda module, found: found is not None and module.tempdir is found,
        )
    ],
    "threading": [Repair(_threading)],
    "time": [Repair(_time)],
    "uuid": [Repair(_uuid)],
}


def needed(noted):
    """Return [(function, module)] for a restore; `noted` has what `at_load` returned, by name."""
    return [
        (repair.repair, sys.modules[name])
        for name, repairs in REPAIRS.items()
        if name in sys.modules
        for number, repair in enumerate(repairs)
        if repair.is_needed is None
        or repair.is_needed(sys.modules[name], noted.get((name, number)))
    ]
