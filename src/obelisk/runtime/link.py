"""Linking the runtime: a distribution and our C files, with no application in it yet."""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from obelisk.distribution.distribution import Distribution
from obelisk.errors import ToolError
from obelisk.recipes import RECIPES
from obelisk.recipes.build import merge_into_sysroot
from obelisk.runtime import freeze, linkmap, pe, sources, unwinding
from obelisk.runtime.freeze import frozen_source, inittab_source
from obelisk.runtime.linkmap import Sizes, variables
from obelisk.runtime.relinkable import unpack_inputs
from obelisk.runtime.sources import c_files, c_folder, frozen_folder
from obelisk.services.cache import content_key, hash_code, hash_tree
from obelisk.services.process import run_logged
from obelisk.services.services import Services
from obelisk.toolchain.clang import Toolchain, archive, compile_all
from obelisk.toolchain.tools import write_tools

_WARNINGS: Final = (
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wmissing-prototypes"),
    *("-Wstrict-prototypes", "-Werror"),
)
_WRAPPER: Final = "__wrap_"
"""How a function of ours is called that answers in place of libc's, CPython's or OpenSSL's."""
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
_LIBC_HEAP: Final = ("__libc_malloc", "__libc_calloc", "__libc_realloc", "__libc_free", "__bump_")
"""How names of musl's own allocator begin: runtime/c/snapshot/heap.c takes its place."""
_RENEWED: Final = {
    "tramp": ("tramp_globals",),
    "closures": ("open_temp_exec_file_opts_idx",),
    "copies_folder": ("own_folder", "has_folder", "owner"),
    "content": ("small_files", "small_next", "large_files", "offered"),
    "lock": ("slots",),
}
"""Variables that hold what only one process has, such as descriptors, by the files of C."""
_ALLOCATORS: Final = {
    "core": ("obmalloc_state_main",),
    "static": (
        "_mi_heap_main",
        "_mi_stats_main",
        "cache",
        "cache_available",
        "cache_inuse",
        "mi_os_kept",
        "mi_segment_map",
        "tld_main",
    ),
}
"""Variables in which Python's allocator and mimalloc note what memory they have."""
_VARIABLES: Final = "variables.json"
_OF_LIBRARIES: Final = ("X509_", "_nc_", "rl_", "open_temp_")
"""How wrapped names begin that no shared object is linked to: they are not libc's."""


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
    snapshot: bool = False
    """Whether it makes snapshots of its memory, and starts from them (runtime/c/snapshot)."""


def runtime_key(distribution: Distribution, options: RuntimeOptions) -> str:
    """Return the cache key of a runtime: all that can change its bytes."""
    return content_key(
        {
            "distribution": distribution.key,
            "c": hash_tree(c_folder()),
            "frozen": hash_tree(frozen_folder()),
            "rooms": [*distribution.target.runtime_rooms, *distribution.target.runtime_files],
            "code": hash_code(sys.modules[__name__], freeze, linkmap, pe, sources, unwinding),
            "libraries": _libraries(),
            **asdict(options),
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """A linked runtime."""

    path: Path
    sizes: Sizes
    """What each library takes of it (linkmap.py)."""
    renewed: tuple[tuple[int, int], ...] = ()
    """Address and size of variables that a process which goes on from a snapshot has anew."""
    allocators: tuple[tuple[int, int], ...] = ()
    """Of variables that change with how much memory is asked for."""


def obtain_runtime(
    services: Services, distribution: Distribution, options: RuntimeOptions
) -> Runtime:
    """Return the runtime; build it if it is missing. Raises `ToolError`."""
    name = f"runtime{distribution.target.executable_suffix}"

    def make(folder: Path) -> None:
        version = distribution.source.version
        with (
            services.console.step(f"Linking the runtime of Python {version}"),
            services.cache.scratch("runtime") as root,
        ):
            job = _job(distribution, options, root)
            _link(job, folder / name)
            text = job.map.read_text()
            sizes = _sizes(job, text)
            (folder / "sizes.json").write_text(json.dumps(sizes), encoding="utf-8")
            if options.snapshot:
                (folder / _VARIABLES).write_text(json.dumps(_variables(text)), encoding="utf-8")

    folder = services.cache.obtain("runtimes", runtime_key(distribution, options), make)
    sizes = json.loads((folder / "sizes.json").read_text(encoding="utf-8"))
    found = json.loads((folder / _VARIABLES).read_text()) if options.snapshot else {}
    named = {what: tuple(map(tuple, spans)) for what, spans in found.items()}
    return Runtime(path=folder / name, sizes=sizes, **named)


def write_relinkable(
    services: Services, distribution: Distribution, options: RuntimeOptions, folder: Path
) -> None:
    """Write into `folder` what the runtime is linked of (relinkable.py). Raises `ToolError`."""
    if _is_pe(distribution):
        message = f"runtimes for `{distribution.target.triple}` cannot be linked again"
        raise ToolError(message, hint="the distribution's archive has all that they are linked of")
    with (
        services.console.step("Collecting what the runtime is linked of"),
        services.cache.scratch("runtime") as root,
    ):
        job = _job(distribution, options, root)
        collected = root / "inputs.tar"
        _link(job, root / "runtime", f"-Wl,--reproduce={collected}")
        places = {root: "build", distribution.folder: "python"}
        unpack_inputs(collected, folder, places)


def _job(distribution: Distribution, options: RuntimeOptions, root: Path) -> _Job:
    chain = write_tools(distribution.target, root / "toolchain")
    merge_into_sysroot(distribution.sysroot, chain.root)
    return _Job(chain, distribution, options, root)


def _variables(text: str) -> dict[str, list[tuple[int, int]]]:
    """Return where variables are by what `Runtime` calls them."""
    return {
        "renewed": variables(text, _RENEWED),
        "allocators": variables(text, _ALLOCATORS, ("bss", "data")),
    }


def _sizes(job: _Job, text: str) -> Sizes:
    if _is_pe(job.distribution):
        return pe.library_sizes(text, job.objects, job.distribution)
    return linkmap.library_sizes(text, job.objects)


def _is_pe(distribution: Distribution) -> bool:
    return distribution.target.object_format == "pe"


class _Job:
    """What the steps below share."""

    def __init__(
        self, chain: Toolchain, distribution: Distribution, options: RuntimeOptions, root: Path
    ) -> None:
        self.chain = chain
        self.distribution = distribution
        self.options = options
        self.root = root
        self.log = root / "log.txt"
        self.map = root / "map.txt"
        self.objects = root / "objects"


def _link(job: _Job, output: Path, *more: str) -> None:
    objects = _compile(job)
    wrapped = _wrapped_names(job, objects)
    if _is_pe(job.distribution):
        _link_pe(job, objects, wrapped, output)
    else:
        _link_elf(job, objects, wrapped, output, *more)


def _link_pe(job: _Job, objects: list[Path], wrapped: list[str], output: Path) -> None:
    argv = pe.link_arguments(job.chain, job.distribution, objects, wrapped, job.map)
    env = job.chain.environment()
    argv.append(f"-out:{output}")
    run_logged(argv, log=job.log, cwd=job.root, env=env, what="linking the runtime")
    pe.require_room(output)


def _link_elf(job: _Job, objects: list[Path], wrapped: list[str], output: Path, *more: str) -> None:
    distribution, options = job.distribution, job.options
    libc = _libc_names(job.chain, options)
    names = job.root / "names.txt"
    names.write_text("".join(f"-Wl,-u,{name}\n" for name in libc))
    libraries = _libraries()
    hidden = [f"lib{name}.a" for name in libraries if name not in _VISIBLE]
    argv: list[str | Path] = [
        job.chain.tool("cc"),
        *objects,
        # For what is linked in later: nothing of ours or of a bundled library is visible to it.
        f"-Wl,--dynamic-list={_exported(job, libc, wrapped)}",
        # Parts of libraries that nothing can reach, and equal functions twice.
        "-Wl,--gc-sections,--icf=safe",
        # What runs often is together, apart from what runs once, and from what never does.
        "-Wl,-z,keep-text-section-prefix",
        f"-Wl,--exclude-libs={':'.join(hidden)}",
        f"-Wl,--exclude-libs=libclang_rt.builtins-{distribution.target.architecture}.a",
        *(f"-Wl,--wrap={name}" for name in wrapped),
        *(() if options.debug else ("-Wl,--strip-all",)),
        # The first table of built-in modules is taken: inittab.c's, if there is one.
        *(() if options.extensions is None else ("-Wl,-z,muldefs",)),
        *("-Wl,--whole-archive", distribution.static_library, "-Wl,--no-whole-archive"),
        *distribution.bundled_archives,
        *([] if options.debug else [f"-L{_without_tables(job)}"]),
        # The allocator stands before libc, so that its malloc is everybody's.
        "-lmimalloc-hardened" if options.hardened else "-lmimalloc",
        "-Wl,--start-group",
        *(f"-l{name}" for name in libraries if name != "mimalloc"),
        "-Wl,--end-group",
        f"@{names}",
        # No page of code holds anything else, and no page of the file two segments: what follows
        # one can be zeros then (link/link.py).
        "-Wl,-z,separate-loadable-segments",
        # What has rights of its own does not share a page with anything, however large they are.
        *(f"-Wl,-z,{kind}-page-size={distribution.target.page_size}" for kind in ("max", "common")),
        # What runs first, see elf/*/phdr_reserve.c.
        "-Wl,-e,obelisk_start",
        f"-Wl,-Map={job.map}",
        *more,
        *("-o", output),
    ]
    env = job.chain.environment()
    run_logged(argv, log=job.log, cwd=job.root, env=env, what="linking the runtime")


def _exported(job: _Job, libc: list[str], wrapped: list[str]) -> Path:
    """Write the list of what shared objects can be linked to."""
    of_libc = [name for name in wrapped if not name.startswith(_OF_LIBRARIES)]
    patterns = (*_EXPORTED_PATTERNS, *libc, *(f"{_WRAPPER}{name}" for name in of_libc))
    path = job.root / "exported.txt"
    path.write_text("{" + "".join(f"{name};\n" for name in patterns) + "};\n")
    return path


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


def _wrapped_names(job: _Job, objects: list[Path]) -> list[str]:
    """Return the names of the functions that the objects answer in place of others."""
    library = job.root / "own.a"
    archive(job.chain, library, objects, job.log)
    found = (name for name in archive_symbols(library) if name.startswith(_WRAPPER))
    return sorted({name.removeprefix(_WRAPPER) for name in found})


def _libc_names(chain: Toolchain, options: RuntimeOptions) -> list[str]:
    """Return all that libc defines, for what is linked in or looked up by name later.

    The linker takes the members that define them, unless an object or the allocator already does.
    Inner names of the members that we replace would bring those in as well.
    """
    inner = ["__malloc_", "__dl", "dlinfo", "__memcpy_fwd", "__memrchr"]
    if options.snapshot:
        inner += _LIBC_HEAP
    names = archive_symbols(chain.lib / "libc.a")
    return [name for name in names if not name.startswith(tuple(inner))]


def _compile(job: _Job) -> list[Path]:
    distribution, options = job.distribution, job.options
    frozen = frozen_source(distribution, job.root / "frozen", snapshot=options.snapshot)
    generated = {"frozen.c": frozen}
    rooms: list[str] = []
    if options.extensions is not None:
        generated["inittab.c"] = inittab_source(distribution, options.extensions)
        rooms += [] if _is_pe(distribution) else ["thin"]
    if options.recording:
        rooms.append("recording")
    if options.snapshot:
        rooms.append("snapshot")
    for name, text in generated.items():
        (job.root / name).write_text(text)
    paths = [*c_files(distribution.target, *rooms), *(job.root / name for name in generated)]
    made = {path: job.objects / f"{number:03}-{path.stem}.o" for number, path in enumerate(paths)}
    flags = (
        "-std=c11",
        "-D_GNU_SOURCE",
        "-O2",
        # An index outside its array, or an access outside a known object, ends the process.
        *("-fsanitize=bounds,object-size", "-fsanitize-trap=all"),
        *("-isystem", str(distribution.include)),
        f"-I{c_folder()}",
        *(("-DOBELISK_RECORDING",) if options.recording else ()),
        *(("-DOBELISK_SNAPSHOT",) if options.snapshot else ()),
        *(pe.COMPILE_FLAGS if _is_pe(distribution) else ()),
        *_WARNINGS,
    )
    what = "compiling the runtime"
    compile_all(job.chain, made, flags=flags, cwd=job.root, log=job.log, what=what)
    return list(made.values())


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
