"""The settings of `[tool.obelisk.interpreter]`: how CPython is configured in the executable.

They are the fields of PyPreConfig and PyConfig (PEP 587) that make sense where there is no
installation, and a few of Obelisk's own. The runtime reads them as `name=value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from packaging.version import Version

from obelisk.config.tables import Range, key_of
from obelisk.errors import ConfigError


class Children(StrEnum):
    """What `[sys.executable, ...]` runs."""

    PYTHON = "python"
    APPLICATION = "application"


class StartMethod(StrEnum):
    """How multiprocessing starts processes."""

    FORK = "fork"
    SPAWN = "spawn"
    FORKSERVER = "forkserver"


class Allocator(StrEnum):
    """Python's memory allocator, in the order in which `PyMemAllocatorName` numbers them from 1."""

    DEFAULT = "default"
    DEBUG = "debug"
    MALLOC = "malloc"
    MALLOC_DEBUG = "malloc_debug"
    PYMALLOC = "pymalloc"
    PYMALLOC_DEBUG = "pymalloc_debug"


class HashedBytecode(StrEnum):
    """When hash-based `.pyc` files are validated (PEP 552)."""

    DEFAULT = "default"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """The settings, with their defaults."""

    SHORTHAND: ClassVar[str] = "python-option"
    """The key that is meant by `interpreter = true`."""

    python_option: bool = False
    """Whether `EXECUTABLE --python ...` behaves like `python`, with its options and `PYTHON*`
    variables. `interpreter = true` is short for this."""
    children: Children = Children.PYTHON
    """What `[sys.executable, "-c", ...]`, `-m` or a script runs: `python`, or the `application`
    again. Helper processes of multiprocessing work either way."""
    copy_arguments: bool = True
    """Whether external programs get temporary copies of bundled files that are named in their
    arguments, environment variables or shell command."""
    frozen: bool | None = None
    """Whether `sys.frozen` is set to true. Default: if the script or project reads it."""
    meipass: bool | None = None
    """Whether `sys._MEIPASS` is set to the executable's path, as PyInstaller does. Default: if the
    script or project reads it."""
    module_search_paths: tuple[str, ...] = ()
    """Directories or zip files to import from besides the executable; `$ORIGIN` is the executable's
    directory."""
    multiprocessing_start_method: StartMethod | None = None
    """`fork`, `spawn` or `forkserver`. Default: Python's own."""
    allocator: Allocator = Allocator.DEFAULT
    """Python's memory allocator, as in `PYTHONMALLOC`; `malloc` is the bundled mimalloc."""
    configure_locale: bool = True
    """Whether to use the user's locale for `LC_CTYPE`."""
    coerce_c_locale: bool = False
    """Whether to replace the C locale with `C.UTF-8` (PEP 538)."""
    utf8_mode: bool = True
    """Whether to use UTF-8 for text regardless of the locale (PEP 540)."""
    dev_mode: bool = False
    """Python Development Mode, like `-X dev`."""
    use_environment: bool = False
    """Whether the application reads `PYTHON*` variables."""
    site_import: bool = False
    """Whether to import `site` at startup, and a bundled `sitecustomize` with it."""
    safe_path: bool = True
    """Whether to keep the working directory out of `sys.path` of a `python` that the application
    starts, like `-P`. It is never in the application's own."""
    write_bytecode: bool = False
    """Whether to write `__pycache__` for modules imported from outside the executable."""
    pycache_prefix: str | None = None
    """Directory for that bytecode, like `-X pycache_prefix`."""
    check_hash_pycs: HashedBytecode = HashedBytecode.DEFAULT
    """When to validate hash-based `.pyc` files outside the executable: `default`, `always` or
    `never`."""
    install_signal_handlers: bool = True
    """Whether Ctrl-C raises KeyboardInterrupt and SIGPIPE is ignored."""
    faulthandler: bool = False
    """Whether to print Python tracebacks on a crash, like `-X faulthandler`."""
    tracemalloc: Annotated[int, Range(0, 65535)] = 0
    """Number of frames to store for each allocation, like `-X tracemalloc`; 0 disables it."""
    perf_profiling: Annotated[int, Range(0, 2)] = 0
    """Support for the `perf` profiler: 1 is `-X perf`, 2 is `-X perf_jit`."""
    import_time: Annotated[int, Range(0, 2)] = 0
    """Print how long each import takes, like `-X importtime`; 2 includes cached modules (3.14)."""
    malloc_stats: bool = False
    """Whether to print allocator statistics at exit."""
    verbose: Annotated[int, Range(0, 2)] = 0
    """Print a message for each import, like `-v`."""
    bytes_warning: Annotated[int, Range(0, 2)] = 0
    """Warn (1) or raise an exception (2) when bytes are compared with str, like `-b`."""
    warnings: tuple[str, ...] = ()
    """Warning filters, like `-W`."""
    x_options: tuple[str, ...] = ()
    """Contents of `sys._xoptions`: names, or `name=value`."""
    hash_seed: Annotated[int, Range(0, 4294967295)] | None = None
    """Fixed seed for string hashes; 0 disables randomization. Default: random."""
    int_max_str_digits: Annotated[int, Range(0, 2147483647)] = 4300
    """Maximum number of digits in conversions between int and str; 0 is no limit."""
    code_debug_ranges: bool = True
    """Whether tracebacks show columns; bytecode in the executable keeps them either way."""
    stdio_encoding: str | None = None
    """Encoding of stdin, stdout and stderr. Default: UTF-8."""
    stdio_errors: str | None = None
    """Error handler of stdin and stdout. Default: `surrogateescape`."""
    configure_c_stdio: bool = False
    """Whether C's stdio is unbuffered too when `unbuffered` is set."""
    cpu_count: str | None = None
    """Value of `os.cpu_count()`: a number, or `cgroup` for the container's CPU limit."""
    thread_inherit_context: bool = False
    """Whether a thread starts with a copy of its caller's context (3.14)."""
    context_aware_warnings: bool = False
    """Whether `warnings.catch_warnings` is local to a context (3.14)."""


_FEWEST_DIGITS: Final = 640
"""`sys.int_info.str_digits_check_threshold`: what CPython accepts besides 0."""
_RENAMED: Final = {
    "check_hash_pycs": "check_hash_pycs_mode",
    "module_search_paths": "module_search_path",
    "warnings": "warnoptions",
    "x_options": "xoptions",
}
"""Settings whose name in the runtime is another, most often that of PyConfig's field."""


_PROCESSORS: Final = re.compile(r"[1-9][0-9]{0,5}")
_SINCE: Final = {"thread_inherit_context": "3.14", "context_aware_warnings": "3.14"}
"""The Python version that a setting came with."""


def check_interpreter(interpreter: Interpreter, python: str) -> None:
    """Raise `ConfigError` for values that Python of this version would not understand."""
    for name, version in _SINCE.items():
        if getattr(interpreter, name) and Version(python) < Version(version):
            message = f"`{key_of(name)}` requires Python {version} or newer (building for {python})"
            raise ConfigError(message, hint="choose another version with `--python`")
    for field in fields(Interpreter):
        value = getattr(interpreter, field.name)
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(text, str) and not text.isprintable() for text in texts):
            message = f"`{key_of(field.name)}` contains a non-printable character"
            raise ConfigError(message)
    for path in interpreter.module_search_paths:
        if not path.startswith(("/", "$ORIGIN/")) and path != "$ORIGIN":
            message = f"`{path}` in `module-search-paths` is a relative path"
            raise ConfigError(message, hint="start it with `/` or `$ORIGIN`")
    count = interpreter.cpu_count
    if count is not None and count != "cgroup" and not _PROCESSORS.fullmatch(count):
        message = f"invalid `cpu-count`: `{count}` is neither a positive number nor `cgroup`"
        raise ConfigError(message)
    digits = interpreter.int_max_str_digits
    if 0 < digits < _FEWEST_DIGITS:
        message = f"invalid `int-max-str-digits`: {digits}"
        raise ConfigError(message, hint=f"Python accepts 0, or {_FEWEST_DIGITS} and more")


def runtime_settings(
    interpreter: Interpreter, *, optimize: int, unbuffered: bool, integrity: str | None = None
) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of what differs from the runtime's own defaults, sorted by name."""
    if integrity:
        yield "integrity", integrity
    if unbuffered:
        yield "buffered_stdio", "0"
    if optimize:
        yield "optimization_level", str(optimize)
    defaults = Interpreter()
    for field in sorted(fields(Interpreter), key=lambda field: field.name):
        value = getattr(interpreter, field.name)
        if value == getattr(defaults, field.name):
            continue
        name = _RENAMED.get(field.name, field.name)
        if field.name == "hash_seed":
            yield "use_hash_seed", "1"
        for item in value if isinstance(value, tuple) else (value,):
            yield name, _text(item)


def _text(value: object) -> str:
    if isinstance(value, Allocator):
        return str(list(Allocator).index(value) + 1)
    return str(int(value)) if isinstance(value, bool) else str(value)
