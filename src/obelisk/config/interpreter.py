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
    """What a process is that the executable starts as `[sys.executable, ...]`."""

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
    """When bytecode that names its source by hash is checked (PEP 552)."""

    DEFAULT = "default"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """What can be set, with its default."""

    SHORTHAND: ClassVar[str] = "python-option"
    """The key that is meant by `interpreter = true`."""

    python_option: bool = False
    """Whether `EXECUTABLE --python ...` is `python`, with its options and `PYTHON*` variables.
    `interpreter = true` is short for this."""
    children: Children = Children.PYTHON
    """What `[sys.executable, "-c", ...]`, `-m` or a script starts: `python`, or the `application`
    again. Helpers of multiprocessing work either way."""
    copy_arguments: bool = True
    """Whether a program that is not in the executable gets temporary copies of the files in it that
    its arguments, its variables or a shell's command name."""
    frozen: bool | None = None
    """Whether `sys.frozen` is there and true. Default: if the script or project reads it."""
    meipass: bool | None = None
    """Whether `sys._MEIPASS` is there, as in PyInstaller: the executable's path. Default: if the
    script or project reads it."""
    module_search_paths: tuple[str, ...] = ()
    """Folders or zip files to import from besides the executable; `$ORIGIN` is the folder that it
    is in."""
    multiprocessing_start_method: StartMethod | None = None
    """`fork`, `spawn` or `forkserver`. Default: Python's own."""
    allocator: Allocator = Allocator.DEFAULT
    """Python's allocator, as `PYTHONMALLOC` names it; `malloc` is the executable's own mimalloc."""
    configure_locale: bool = True
    """Whether the user's locale is taken over for `LC_CTYPE`."""
    coerce_c_locale: bool = False
    """Whether the C locale is replaced by `C.UTF-8` (PEP 538)."""
    utf8_mode: bool = True
    """Whether text is UTF-8 whatever the locale says (PEP 540)."""
    dev_mode: bool = False
    """Python Development Mode, as `-X dev`."""
    use_environment: bool = False
    """Whether the application obeys `PYTHON*` variables."""
    site_import: bool = False
    """Whether `site` is imported at start, and with it a `sitecustomize` that goes in."""
    safe_path: bool = True
    """Whether the working folder stays out of `sys.path` of a `python` that the application starts,
    as with `-P`. It is never in that of the application."""
    write_bytecode: bool = False
    """Whether modules that are imported from outside get a `__pycache__`."""
    pycache_prefix: str | None = None
    """Folder for that bytecode, as `-X pycache_prefix`."""
    check_hash_pycs: HashedBytecode = HashedBytecode.DEFAULT
    """`default`, `always` or `never`: whether bytecode from outside that has a hash is checked."""
    install_signal_handlers: bool = True
    """Whether ctrl-C raises KeyboardInterrupt and SIGPIPE is ignored."""
    faulthandler: bool = False
    """Whether a crash prints Python's stacks, as `-X faulthandler`."""
    tracemalloc: Annotated[int, Range(0, 65535)] = 0
    """Frames to keep for each allocation, as `-X tracemalloc`; 0 is off."""
    perf_profiling: Annotated[int, Range(0, 2)] = 0
    """1 or 2: tell `perf` Python's functions, as `-X perf` or `-X perf_jit`."""
    import_time: Annotated[int, Range(0, 2)] = 0
    """Print how long imports take, as `-X importtime`; 2: also of what was there already (3.14)."""
    malloc_stats: bool = False
    """Whether statistics of the allocator are printed at exit."""
    verbose: Annotated[int, Range(0, 2)] = 0
    """Print each import, as `-v`."""
    bytes_warning: Annotated[int, Range(0, 2)] = 0
    """Warn (1) or raise (2) when bytes are compared with text, as `-b`."""
    warnings: tuple[str, ...] = ()
    """Filters of warnings, as `-W`."""
    x_options: tuple[str, ...] = ()
    """What `sys._xoptions` holds: names, or `name=value`."""
    hash_seed: Annotated[int, Range(0, 4294967295)] | None = None
    """A fixed seed for hashes of text; 0 switches randomisation off. Default: random."""
    int_max_str_digits: Annotated[int, Range(0, 2147483647)] = 4300
    """Digits that a whole number may have when it is turned into text or back; 0 is no limit."""
    code_debug_ranges: bool = True
    """Whether tracebacks mark columns (bytecode in the executable has them all the same)."""
    stdio_encoding: str | None = None
    """Encoding of stdin, stdout and stderr. Default: UTF-8."""
    stdio_errors: str | None = None
    """Error handler of stdin and stdout. Default: `surrogateescape`."""
    configure_c_stdio: bool = False
    """Whether C's own stdio is unbuffered too when `unbuffered` is set."""
    cpu_count: str | None = None
    """What `os.cpu_count()` returns: a number, or `cgroup` for what the container is granted."""
    thread_inherit_context: bool = False
    """Whether threads start with a copy of the context of who started them (3.14)."""
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
            message = f"`{key_of(name)}` is of Python {version}, and this is {python}"
            raise ConfigError(message, hint="choose another with `--python`")
    for field in fields(Interpreter):
        value = getattr(interpreter, field.name)
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(text, str) and not text.isprintable() for text in texts):
            message = f"`{key_of(field.name)}` has a character that cannot be printed"
            raise ConfigError(message)
    for path in interpreter.module_search_paths:
        if not path.startswith(("/", "$ORIGIN/")) and path != "$ORIGIN":
            message = f"`module-search-paths` names `{path}`, which depends on the working folder"
            raise ConfigError(message, hint="begin it with `/` or with `$ORIGIN`")
    count = interpreter.cpu_count
    if count is not None and count != "cgroup" and not _PROCESSORS.fullmatch(count):
        message = f"`cpu-count` is `{count}`, which is neither a number above 0 nor `cgroup`"
        raise ConfigError(message)
    digits = interpreter.int_max_str_digits
    if 0 < digits < _FEWEST_DIGITS:
        message = f"`int-max-str-digits` is {digits}"
        raise ConfigError(message, hint=f"Python takes 0, or {_FEWEST_DIGITS} and more")


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
        for one in value if isinstance(value, tuple) else (value,):
            yield name, _text(one)


def _text(value: object) -> str:
    if isinstance(value, Allocator):
        return str(list(Allocator).index(value) + 1)
    return str(int(value)) if isinstance(value, bool) else str(value)
