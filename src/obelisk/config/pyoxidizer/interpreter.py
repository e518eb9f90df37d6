"""PythonInterpreterConfig: attributes that are settings of `[tool.obelisk.interpreter]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal

from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Row,
    Setting,
    host_type,
    ignored,
)
from obelisk.config.starlark.accepts import Annotation
from obelisk.config.starlark.errors import Place
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError

_SETTINGS: Final = "test_attributes_become_settings"
_NOTHING: Final = "test_attributes_without_effect_are_noted"


def _as_is(value: Any) -> object:  # noqa: ANN401
    return value


def _number(value: Any) -> object:  # noqa: ANN401
    return int(value)


def _given(value: Any) -> object:  # noqa: ANN401
    return value is not None


def _chosen(names: Mapping[str, object]) -> Callable[[Any], object]:
    return lambda value: names[value]


_ALLOCATORS: Final = {
    "not-set": "default",
    "default": "default",
    "debug": "debug",
    "malloc": "malloc",
    "malloc-debug": "malloc_debug",
    "py-malloc": "pymalloc",
    "py-malloc-debug": "pymalloc_debug",
}

_MAPPED: Final[dict[str, tuple[str, Annotation, Callable[[Any], object]]]] = {
    "allocator": (
        "allocator",
        Literal[
            "not-set", "default", "debug", "malloc", "malloc-debug", "py-malloc", "py-malloc-debug"
        ],
        _chosen(_ALLOCATORS),
    ),
    "bytes_warning": (
        "bytes-warning",
        Literal["none", "warn", "raise"],
        _chosen({"none": 0, "warn": 1, "raise": 2}),
    ),
    "check_hash_pycs_mode": ("check-hash-pycs", Literal["always", "never", "default"], _as_is),
    "coerce_c_locale": ("coerce-c-locale", Literal["LC_CTYPE", "C"], _given),
    "configure_c_stdio": ("configure-c-stdio", bool, _as_is),
    "configure_locale": ("configure-locale", bool, _as_is),
    "development_mode": ("dev-mode", bool, _as_is),
    "fault_handler": ("faulthandler", bool, _as_is),
    "hash_seed": ("hash-seed", int, _as_is),
    "import_time": ("import-time", bool, _number),
    "install_signal_handlers": ("install-signal-handlers", bool, _as_is),
    "malloc_stats": ("malloc-stats", bool, _as_is),
    "module_search_paths": ("module-search-paths", list[str], _as_is),
    "pycache_prefix": ("pycache-prefix", str, _as_is),
    "site_import": ("site-import", bool, _as_is),
    "stdio_encoding": ("stdio-encoding", str, _as_is),
    "stdio_errors": ("stdio-errors", str, _as_is),
    "sys_frozen": ("frozen", bool, _as_is),
    "sys_meipass": ("meipass", bool, _as_is),
    "tracemalloc": ("tracemalloc", bool | int, _number),
    "use_environment": ("use-environment", bool, _as_is),
    "utf8_mode": ("utf8-mode", bool, _as_is),
    "verbose": ("verbose", bool | int, _number),
    "warn_options": ("warnings", list[str], _as_is),
    "write_bytecode": ("write-bytecode", bool, _as_is),
    "x_options": ("x-options", list[str], _as_is),
}
"""Attributes that are settings: the key, what they accept besides None, and the value."""

_PATHS: Final = (
    "base_exec_prefix",
    "base_executable",
    "base_prefix",
    "exec_prefix",
    "executable",
    "home",
    "prefix",
    "program_name",
    "python_path_env",
)
_ABSENT: Final = (
    "argvb",
    "coerce_c_locale_warn",
    "dump_refs",
    "filesystem_encoding",
    "filesystem_errors",
    "inspect",
    "interactive",
    "isolated",
    "parse_argv",
    "parser_debug",
    "pathconfig_warnings",
    "quiet",
    "show_ref_count",
    "skip_first_source_line",
    "user_site_directory",
    "write_modules_directory_env",
)
_WINDOWS: Final = ("legacy_windows_fs_encoding", "legacy_windows_stdio")
_ALLOCATING: Final = {
    "allocator_raw": True,
    "allocator_mem": False,
    "allocator_obj": False,
    "allocator_pymalloc_arena": False,
    "allocator_debug": False,
}


def _own_rows() -> dict[str, Row]:
    run = "test_what_is_run"
    return {
        "config_profile": Setting(
            does='"python": `use-environment`, `site-import`, and not `safe-path`',
            test="test_the_profile_of_python",
            accepts=Literal["isolated", "python"],
            default="isolated",
        ),
        "multiprocessing_start_method": Setting(
            does="`interpreter.multiprocessing-start-method`; none for `none` and `auto`",
            test="test_start_methods",
            accepts=Literal["none", "fork", "forkserver", "spawn", "auto"] | None,
            default="auto",
        ),
        "optimization_level": Setting(does="`optimize`", test=_SETTINGS, accepts=int | None),
        "buffered_stdio": Setting(
            does="`unbuffered` if it is False", test=_SETTINGS, accepts=bool | None
        ),
        "run_command": Setting(
            does="`code`; or `entry`, if it exits with what a function returns",
            test=run,
            accepts=str | None,
        ),
        "run_filename": Setting(
            does="`file`, if it is beside the configuration", test=run, accepts=str | None
        ),
        "run_module": Setting(does="`module`", test=run, accepts=str | None),
        "allocator_backend": ignored(
            _NOTHING,
            Because.ALLOCATOR,
            Literal["default", "jemalloc", "mimalloc", "snmalloc", "rust"],
            "jemalloc",
        ),
        "terminfo_resolution": ignored(_NOTHING, Because.ALWAYS, str | None, "dynamic"),
        "oxidized_importer": ignored(_NOTHING, Because.IMPORTER, bool, True),
        "filesystem_importer": ignored(_NOTHING, Because.IMPORTER, bool, False),
        "multiprocessing_auto_dispatch": ignored(_NOTHING, Because.ALWAYS, bool, True),
    }


def _rows() -> dict[str, Row]:
    rows = _own_rows()
    for name, (key, accepts, _) in _MAPPED.items():
        rows[name] = Setting(does=f"`interpreter.{key}`", test=_SETTINGS, accepts=accepts | None)
    for name, default in _ALLOCATING.items():
        rows[name] = ignored(_NOTHING, Because.ALLOCATOR, bool, default)
    for name in _PATHS:
        rows[name] = ignored(_NOTHING, Because.EXECUTABLE)
    for name in _ABSENT:
        rows[name] = ignored(_NOTHING, Because.ISOLATED)
    rows["run_mode"] = Setting(
        does="`run_command`, `run_module` or `run_filename`",
        test="test_the_api_of_0_8",
        accepts=str,
        old=True,
    )
    rows["raw_allocator"] = Setting(
        does=f"no effect: {Because.ALLOCATOR}",
        test="test_the_api_of_0_8",
        because=Because.ALLOCATOR,
        old=True,
    )
    for name in _WINDOWS:
        rows[name] = Setting(does="for Windows only", test=_NOTHING)
    return rows


class Config(ApiObject):
    """A configuration of an interpreter."""

    rows: ClassVar[dict[str, Row]] = _rows()
    host_type = host_type("PythonInterpreterConfig", rows)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.places: dict[str, Place | None] = {}
        """Where attributes were assigned."""

    def set_attribute(self, name: str, value: Value, caller: Caller) -> None:
        """Assign an attribute; raise `ConfigError` for what no interpreter can have."""
        self.places[name] = caller.place
        if name == "module_search_paths" and isinstance(value, list):
            _require_absolute([str(path) for path in value])
        if name == "optimization_level" and value not in (None, 0, 1, 2):
            message = f"`optimization_level` must be 0, 1 or 2, not {value}"
            raise ConfigError(message)
        super().set_attribute(name, value, caller)
        if name == "run_mode":
            self.set_run_mode(str(value))

    def set_run_mode(self, mode: str) -> None:
        """Set what is run as 0.10 and before name it; raise `ConfigError` for anything else."""
        kind, _, text = mode.partition(":")
        names = {"eval": "run_command", "module": "run_module", "file": "run_filename"}
        if kind in names and text:
            self.values[names[kind]] = text
        elif mode not in ("none", "repl"):
            message = f"invalid `run_mode`: {mode}"
            raise ConfigError(message, hint="expected `eval:CODE`, `module:NAME` or `file:PATH`")

    def settings(self) -> dict[str, Any]:
        """Return the tables of `[tool.obelisk]` that mean the same, without what is run."""
        python = self.value("config_profile") == "python"
        found: dict[str, Any] = {}
        if python:
            found |= {"use-environment": True, "site-import": True, "safe-path": False}
        method = self.value("multiprocessing_start_method")
        if method not in (None, "none", "auto"):
            found["multiprocessing-start-method"] = method
        # sys.frozen is PyOxidizer's default, and for those who look for it Obelisk's too.
        for name, (key, _, convert) in _MAPPED.items():
            value = self.value(name)
            if value is not None:
                found[key] = convert(value)
        settings: dict[str, Any] = {"interpreter": found} if found else {}
        if self.value("optimization_level"):
            settings["optimize"] = self.value("optimization_level")
        if self.value("buffered_stdio") is False:
            settings["unbuffered"] = True
        return settings


def _require_absolute(paths: list[str]) -> None:
    for path in paths:
        if not path.startswith(("/", "$ORIGIN/")) and path != "$ORIGIN":
            message = f"`{path}` in `module_search_paths` is a relative path"
            raise ConfigError(message, hint="start it with `/` or `$ORIGIN`")
