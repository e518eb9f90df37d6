"""The API of 0.6 to 0.10, which is read with a warning; what is older is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import Method
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError, did_you_mean

_TEST: Final = "test_the_api_of_0_7"
_RENAMED: Final = {
    "optimize_level": "optimization_level",
    "run_eval": "run_command",
    "run_file": "run_filename",
    "run_module": "run_module",
    "sys_paths": "module_search_paths",
}
"""Parameters of 0.7, and the attributes that they became."""
_REVERSED: Final = {
    "ignore_environment": "use_environment",
    "unbuffered_stdio": "buffered_stdio",
}
_GONE: Final = frozenset(
    ("raw_allocator", "run_noop", "run_repl", "use_hash_seed", "terminfo_dirs")
)
_OLDEST: Final = (
    "BuildConfig",
    "EmbeddedPythonConfig",
    "python_run_mode_eval",
    "python_run_mode_module",
    "python_run_mode_noop",
    "python_run_mode_repl",
)


def _interpreter_config(session: Session, caller: Caller, **keywords: object) -> Config:
    config = Config(session)
    known = {*_RENAMED, *_REVERSED, *_GONE, *Config.rows}
    for name, value in keywords.items():
        if name not in known:
            message = f"`PythonInterpreterConfig` has no parameter `{name}`"
            raise ConfigError(message, hint=did_you_mean(name, known))
        if name in _GONE or value is None:
            continue
        if name in _REVERSED:
            config.set_attribute(_REVERSED[name], not value, caller)
        else:
            config.set_attribute(_RENAMED.get(name, name), value, caller)
    return config


def _refused(name: str) -> Callable[..., Value]:
    def refuse(session: Session, caller: Caller, *arguments: object, **keywords: object) -> None:
        del session, caller, arguments, keywords
        message = f"`{name}` is of PyOxidizer 0.5 and before, whose API is not supported"
        hint = "write a new configuration: `[tool.obelisk]` in pyproject.toml, see `obelisk init`"
        raise ConfigError(message, hint=hint)

    return refuse


def _functions() -> dict[str, Method]:
    rows = {
        "PythonInterpreterConfig": Method(
            does="a configuration of an interpreter",
            test=_TEST,
            function=_interpreter_config,
            old=True,
        )
    }
    for name in _OLDEST:
        rows[name] = Method(
            does="an error: it is of PyOxidizer 0.5 and before",
            test="test_what_is_older_is_refused",
            function=_refused(name),
        )
    return rows


FUNCTIONS: Final = _functions()
