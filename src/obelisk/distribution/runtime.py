"""Linking the runtime: a distribution and our C files, with no application in it yet."""

from __future__ import annotations

import inspect
import json
import re
import struct
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from obelisk.cache import content_key, hash_tree
from obelisk.catalog import Source
from obelisk.distribution import linkmap, unwinding
from obelisk.distribution.archive import read_description
from obelisk.distribution.build import distribution_key, obtain_distribution
from obelisk.distribution.libraries import Site, merge_into_sysroot
from obelisk.distribution.linkmap import Sizes, library_sizes
from obelisk.distribution.recipes import RECIPES
from obelisk.errors import ToolError
from obelisk.process import run_captured, run_logged
from obelisk.target import Target
from obelisk.toolchain import Toolchain, compile_all, write_toolchain

_WARNINGS: Final = (
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wmissing-prototypes"),
    *("-Wstrict-prototypes", "-Werror"),
)
_WRAPPED: Final = re.compile(r"\b__wrap_(\w+)\(|^READ_ONLY\w*\((\w+),", re.MULTILINE)
"""How runtime/*.c names a function that it answers in place of libc, CPython or OpenSSL."""
_EXPORTED_PATTERNS: Final = (
    # All of `Py*` but the extension modules' PyInit_*, lest modules that no table names stay.
    *("Py[!I]*", "PyI[!n]*", "PyIn[!i]*", "PyIni[!t]*", "PyInit[!_]*"),
    *("_Py*", "obelisk_*", "dlinfo", "dlvsym"),
)
"""What shared objects are linked to besides libc: the Python C API, and what stands for libc."""
_VISIBLE: Final = ("c", "m", "dl", "mimalloc")
"""Libraries that what is linked in calls."""
_UNWOUND: Final = (*_VISIBLE, "ffi")
"""Libraries that a C++ exception may pass: what is linked in calls them, or is called by them. The
others are hidden, and call back CPython's own C alone."""
_OF_LIBRARIES: Final = ("X509_", "_nc_", "rl_")
"""How wrapped names begin that no shared object is linked to: they are not libc's."""
_ROW: Final = re.compile(r'^ *\{"(\w+)", (\w+)\},$', re.MULTILINE)
"""A built-in module in CPython's config.c, and the function that makes it."""
_SETUP: Final = re.compile(r"^(\w+) [\w/]+\.c\b", re.MULTILINE)
"""A module in CPython's Setup.bootstrap, without which the interpreter does not start."""
_FROZEN: Final = {
    "encodings": "encodings/__init__.py",
    "encodings.aliases": "encodings/aliases.py",
    "encodings.utf_8": "encodings/utf_8.py",
    "posixpath": "posixpath.py",
}
"""Modules that CPython imports before the importer is in place, or has frozen itself."""
_MUST_BE_FOLDER: Final = "part_count and not stat.S_ISDIR(st_mode)"
_EDITS: Final = {
    # The first module that every interpreter imports, also each subinterpreter, before it imports
    # anything itself.
    "encodings": ("import codecs\n", "import _obelisk; _obelisk.install(); import codecs\n"),
    # Paths below the executable are resolved strictly too, although lstat says that it is a file.
    "posixpath": (_MUST_BE_FOLDER, f"{_MUST_BE_FOLDER} and not isdir(newpath + sep)"),
}
"""What is other than in CPython's modules: a text that stands there once, and its replacement."""
_OWN: Final = {"_obelisk": "importer.py", "_obelisk_adaptations": "adaptations.py"}
"""Modules of the runtime, by the names that they are imported by."""
_OWN_FILENAME: Final = "<frozen importlib._bootstrap_external>"
"""Under this name CPython leaves frames of theirs out of tracebacks, as its own importer's."""
_FREEZE: Final = """
import marshal, sys
name, path, filename = sys.argv[1:]
with open(path, "rb") as stream:
    code = compile(stream.read(), filename, "exec", dont_inherit=True)
sys.stdout.buffer.write(marshal.dumps(code))
"""


def runtime_folder() -> Path:
    """Return the folder of the runtime's C files."""
    return Path(str(files("obelisk"))) / "runtime"


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeOptions:
    """What runtimes of one distribution differ in."""

    debug: bool = False
    """Whether it keeps its symbols."""
    hardened: bool = False
    """Whether its allocator looks for corruption (recipes/mimalloc.py)."""
    extensions: tuple[str, ...] | None = None
    """The built-in extension modules that it keeps besides those that every interpreter needs; None
    is all. Libraries that only others need are not linked in."""
    recording: bool = False
    """Whether it notes what is used of its payload (runtime/recording): it is never shipped."""


def runtime_key(target: Target, pinned: Source, options: RuntimeOptions) -> str:
    """Return the cache key of a runtime: all that can change its bytes."""
    return content_key(
        {
            "distribution": distribution_key(target, pinned),
            "files": hash_tree(runtime_folder()),
            "linking": [
                inspect.getsource(module) for module in (sys.modules[__name__], linkmap, unwinding)
            ],
            **asdict(options),
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """A linked runtime."""

    path: Path
    sizes: Sizes
    """What each library takes of it (linkmap.py)."""


def obtain_runtime(site: Site, pinned: Source, options: RuntimeOptions) -> Runtime:
    """Return the runtime; build what is missing.

    Raises `SourceError` or `ToolError`.
    """

    def make(folder: Path) -> None:
        distribution = obtain_distribution(site, pinned)
        with (
            site.console.step(f"Linking the runtime of Python {pinned.version}"),
            site.cache.workshop("runtime") as root,
        ):
            python = distribution / "python"
            chain = write_toolchain(site.target, root / "toolchain")
            merge_into_sysroot(python / "build", chain.root)
            job = _Job(chain, python, root)
            _link(job, folder / "runtime", options)
            sizes = library_sizes(job.map.read_text(), job.objects)
            (folder / "sizes.json").write_text(json.dumps(sizes), encoding="utf-8")

    folder = site.cache.obtain("runtimes", runtime_key(site.target, pinned, options), make)
    sizes = json.loads((folder / "sizes.json").read_text(encoding="utf-8"))
    return Runtime(path=folder / "runtime", sizes=sizes)


class _Job:
    """The places that the steps below share."""

    def __init__(self, chain: Toolchain, python: Path, root: Path) -> None:
        self.chain = chain
        self.python = python
        self.description = read_description(python)
        self.root = root
        self.log = root / "log.txt"
        self.map = root / "map.txt"
        self.objects = root / "objects"
        self.interpreter = python / self.description.python_exe
        self.stdlib = python / self.description.stdlib


def _link(job: _Job, place: Path, options: RuntimeOptions) -> None:
    objects = _compile(job, options)
    libc = _libc_names(job)
    names = job.root / "names.txt"
    names.write_text("".join(f"-Wl,-u,{name}\n" for name in libc))
    exported = job.root / "exported.txt"
    wrapped = [name for name in _wrapped_names() if not name.startswith(_OF_LIBRARIES)]
    patterns = (*_EXPORTED_PATTERNS, *libc, *(f"__wrap_{name}" for name in wrapped))
    exported.write_text("{" + "".join(f"{name};\n" for name in patterns) + "};\n")
    libraries = _libraries()
    hidden = [f"lib{name}.a" for name in libraries if name not in _VISIBLE]
    if job.description.static_library is None:
        message = f"the distribution {job.python} has no static libpython"
        raise ToolError(message)
    argv: list[str | Path] = [
        job.chain.tool("cc"),
        *objects,
        # For what is linked in later: nothing of ours or of a bundled library is visible to it.
        f"-Wl,--dynamic-list={exported}",
        # Parts of libraries that nothing can reach, and equal functions twice.
        "-Wl,--gc-sections,--icf=safe",
        # What runs often is together, apart from what runs once, and from what never does.
        "-Wl,-z,keep-text-section-prefix",
        f"-Wl,--exclude-libs={':'.join(hidden)}",
        f"-Wl,--exclude-libs=libclang_rt.builtins-{job.chain.target.architecture}.a",
        *(f"-Wl,--wrap={name}" for name in _wrapped_names()),
        *(() if options.debug else ("-Wl,--strip-all",)),
        # The first table of built-in modules is taken: inittab.c's, if there is one.
        *(() if options.extensions is None else ("-Wl,-z,muldefs",)),
        "-Wl,--whole-archive",
        job.python / job.description.static_library,
        "-Wl,--no-whole-archive",
        *_bundled_archives(job),
        *([] if options.debug else [f"-L{_without_tables(job)}"]),
        # The allocator stands before libc, so that its malloc is everybody's.
        "-lmimalloc-hardened" if options.hardened else "-lmimalloc",
        "-Wl,--start-group",
        *(f"-l{name}" for name in libraries if name != "mimalloc"),
        "-Wl,--end-group",
        f"@{names}",
        # No page of code holds anything else, and no page of the file two segments: what follows
        # one can be zeros then (link/image.py).
        "-Wl,-z,separate-loadable-segments",
        # What runs first, see start_x86_64.c.
        "-Wl,-e,obelisk_start",
        f"-Wl,-Map={job.map}",
        *("-o", place),
    ]
    env = job.chain.environment()
    run_logged(argv, log=job.log, cwd=job.root, env=env, what="linking the runtime")


def _libraries() -> list[str]:
    return [name for recipe in RECIPES.values() for name in recipe.provides]


def _without_tables(job: _Job) -> Path:
    """Return a folder of the libraries that nothing unwinds, without the tables for it."""
    folder = job.root / "libraries"
    folder.mkdir()
    for name in set(_libraries()) - set(_UNWOUND):
        file = f"lib{name}.a"
        unwinding.without_tables(job.chain.lib / file, folder / file)
    return folder


def _wrapped_names() -> list[str]:
    texts = [path.read_text() for path in runtime_folder().glob("*.c")]
    found = [name for text in texts for names in _WRAPPED.findall(text) for name in names]
    return sorted(set(found) - {""})


def _libc_names(job: _Job) -> list[str]:
    """Return all that libc defines, for what is linked in or looked up by name later.

    The linker takes the members that define them, unless an object or the allocator already does.
    Inner names of the members that we replace would bring those in as well.
    """
    inner = ("__malloc_", "__dl", "dlinfo", "__memcpy_fwd", "__memrchr")
    names = archive_symbols(job.chain.lib / "libc.a")
    return [name for name in names if not name.startswith(inner)]


def _bundled_archives(job: _Job) -> list[Path]:
    """Return the static libraries in CPython's own tree (expat, mpdecimal, HACL)."""
    return sorted((job.python / "build/Modules").rglob("*.a"))


def _compile(job: _Job, options: RuntimeOptions) -> list[Path]:
    generated = [job.root / "frozen.c"]
    generated[0].write_text(_frozen_source(job))
    if options.extensions is not None:
        generated.append(job.root / "inittab.c")
        generated[1].write_text(_inittab_source(job, options.extensions))
    sources = [*sorted(runtime_folder().glob("*.c")), *generated]
    if options.extensions is not None:
        sources += sorted((runtime_folder() / "thin").glob("*.c"))
    if options.recording:
        sources += sorted((runtime_folder() / "recording").glob("*.c"))
    made = {path: job.objects / f"{path.stem}.o" for path in sources}
    include = job.python / "install/include" / job.stdlib.name
    flags = (
        "-std=c11",
        "-D_GNU_SOURCE",
        "-O2",
        # An index outside its array, or an access outside a known object, ends the process.
        *("-fsanitize=bounds,object-size", "-fsanitize-trap=all"),
        "-isystem",
        str(include),
        f"-I{runtime_folder()}",
        *(("-DOBELISK_RECORDING",) if options.recording else ()),
        *_WARNINGS,
    )
    compile_all(
        job.chain, made, flags=flags, cwd=job.root, log=job.log, what="compiling the runtime"
    )
    return list(made.values())


def _inittab_source(job: _Job, extensions: Iterable[str]) -> str:
    """Return inittab.c: CPython's table of built-in modules without those that are left out."""
    version = job.stdlib.name.removeprefix("python")
    config = job.stdlib / f"config-{version}-{job.chain.target.platform_triplet}"
    needed = _SETUP.findall((config / "Setup.bootstrap").read_text())
    kept = {*extensions, *needed}
    kept |= {one.name for one in job.description.extensions if one.in_core}
    rows = [row for row in _ROW.findall((config / "config.c").read_text()) if row[0] in kept]
    lines = [
        "/* Generated by distribution/runtime.py. Do not edit. */",
        "#include <Python.h>",
        *(f"extern PyObject *{init}(void);" for _, init in rows if init != "NULL"),
        "struct _inittab _PyImport_Inittab[] = {",
        *(f'    {{"{name}", {init}}},' for name, init in rows),
        "    {NULL, NULL},",
        "};",
    ]
    return "\n".join(lines) + "\n"


def _frozen_source(job: _Job) -> str:
    """Return frozen.c: the bytecode of the early modules and of the importer, and their table."""
    modules = {name: (job.stdlib / path, f"<frozen {name}>") for name, path in _FROZEN.items()}
    for name, edit in _EDITS.items():
        modules[name] = (_edited(job, name, edit), f"<frozen {name}>")
    for name, file in _OWN.items():
        modules[name] = (runtime_folder() / file, _OWN_FILENAME)
    lines = ["/* Generated by distribution/runtime.py. Do not edit. */", '#include "frozen.h"']
    rows = []
    for number, (name, (path, filename)) in enumerate(sorted(modules.items())):
        data = _freeze(job, name, path, filename)
        numbers = ",".join(map(str, data))
        lines.append(f"static const unsigned char code_{number}[] = {{{numbers}}};")
        is_package = int(path.name == "__init__.py")
        rows.append(f'    {{"{name}", code_{number}, {len(data)}, {is_package}}},')
    table = ["const struct _frozen frozen_modules[] = {", *rows, "    {NULL, NULL, 0, 0},", "};"]
    return "\n".join([*lines, *table]) + "\n"


def _edited(job: _Job, name: str, edit: tuple[str, str]) -> Path:
    """Return a copy of a module of the standard library in which one text is another."""
    path = job.root / "frozen" / _FROZEN[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (job.stdlib / _FROZEN[name]).read_text()
    if text.count(edit[0]) != 1:
        message = f"`{name}` of {job.stdlib} is not as the importer knows it"
        raise ToolError(message)
    path.write_text(text.replace(*edit))
    return path


def _freeze(job: _Job, name: str, path: Path, filename: str) -> bytes:
    argv: list[str | Path] = [
        job.interpreter,
        "-I",
        "-S",
        "-B",
        "-c",
        _FREEZE,
        name,
        path,
        filename,
    ]
    done = run_captured(argv, env={}, what=f"freezing {name}")
    if done.status != 0:
        message = f"freezing `{name}` failed: {done.stderr.decode(errors='replace')}"
        raise ToolError(message)
    return done.stdout


def archive_symbols(path: Path) -> list[str]:
    """Return the global names that a static library defines, from its symbol index.

    The index is the first member, named `/`, of the System V archive format: a big-endian count,
    as many offsets, and the names, each ended by a zero byte.
    """
    with path.open("rb") as stream:
        head = stream.read(8 + 60)
        if not head.startswith(b"!<arch>\n/ "):
            message = f"{path} has no symbol index"
            raise ToolError(message)
        index = stream.read(int(head[56:66]))
    (count,) = struct.unpack_from(">I", index)
    return [name.decode() for name in index[4 + 4 * count :].split(b"\0")[:count]]
