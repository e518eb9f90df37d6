"""What `snapshot` can be combined with, checked before anything is built."""

from __future__ import annotations

import keyword
from typing import Final

from obelisk.config.interpreter import Interpreter
from obelisk.config.settings import Settings
from obelisk.config.tables import key_of
from obelisk.config.toml import shown
from obelisk.errors import ConfigError
from obelisk.services import host
from obelisk.target import Target

_UNCHANGED: Final = {
    "utf8_mode": "the encoding of streams depends on the locale of each start",
    "use_environment": "`PYTHON*` variables take effect before modules are imported",
    "site_import": "it runs code before the snapshot can notice what that does",
    "coerce_c_locale": "it depends on the locale of each start",
    "import_time": "modules in a snapshot are not imported at startup",
    "perf_profiling": "its trampolines belong to one process",
    "malloc_stats": "it would count what the build allocated",
}
"""Settings of the interpreter that must have their defaults, and why."""


def check_snapshot(settings: Settings, target: Target) -> None:
    """Raise `ConfigError` for settings that a snapshot cannot be combined with."""
    if not settings.snapshot:
        _require_snapshot(settings)
        return
    for key in ("snapshot_imports", "snapshot_exclude"):
        for name in getattr(settings, key):
            _check_module(name, key_of(key))
    both = sorted({*settings.snapshot_imports} & {*settings.snapshot_exclude})
    if both:
        message = f"`{both[0]}` is both in `snapshot-imports` and in `snapshot-exclude`"
        raise ConfigError(message, hint="remove it from one of the two")
    _check_interpreter(settings.interpreter)
    _check_target(target)


def _require_snapshot(settings: Settings) -> None:
    for key in ("snapshot_imports", "snapshot_exclude"):
        if getattr(settings, key):
            message = f"`{key_of(key)}` has no effect without `snapshot`"
            raise ConfigError(message, hint="set `snapshot = true`, or pass `--snapshot`")


def _check_module(name: str, key: str) -> None:
    parts = name.split(".")
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        message = f"{shown(name)} in `{key}` is not the name of a module"
        raise ConfigError(message, hint="expected a name as in `import`, such as `app.database`")


def _check_interpreter(interpreter: Interpreter) -> None:
    defaults = Interpreter()
    for name, reason in _UNCHANGED.items():
        if getattr(interpreter, name) != getattr(defaults, name):
            key = f"interpreter.{key_of(name)}"
            message = f"`snapshot` cannot be combined with `{key}`: {reason}"
            raise ConfigError(message, hint=f"remove `{key}`, or build without a snapshot")


def _check_target(target: Target) -> None:
    if target.architecture != "x86_64":
        message = f"`snapshot` is not available for {target.triple}"
        raise ConfigError(message, hint="remove `snapshot`, or build for x86_64-unknown-linux-musl")
    if not host.runs(target):
        message = (
            f"`snapshot` runs the executable, and {target.triple} does not run on this machine"
        )
        raise ConfigError(message, hint="build on a machine of that kind, or without a snapshot")
