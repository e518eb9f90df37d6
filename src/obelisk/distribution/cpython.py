"""CPython: configured and made with every extension module built in, then laid out by hand.

`make install` is not used: it would compile the standard library three times over, and the
distribution's `full` layout wants the objects as well.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from obelisk.distribution import cpython_objects
from obelisk.distribution.layout import lay_out, require_version
from obelisk.distribution.versions import major_minor
from obelisk.recipes import profiles
from obelisk.recipes.context import RecipeContext
from obelisk.services import host
from obelisk.services.host import jobs

LEFT_OUT: Final = ("_tkinter", "_gdbm", "nis", "ossaudiodev")
"""Extension modules that Linux could have and a distribution has not."""

_OPTIONS: Final = (
    *("--disable-shared", "--without-ensurepip", "--disable-test-modules", "--with-pymalloc"),
    # Its copy of mimalloc, for the free-threaded build only, has the same names as ours.
    "--without-mimalloc",
    *("--with-readline=editline", "--with-dbmliborder=ndbm", "--without-static-libpython"),
    # Those that are linked in are opened, by our `dlopen`.
    "--enable-loadable-sqlite-extensions",
)
_NEWER_OPTIONS: Final = {"3.14": ("--with-tail-call-interp",)}
_ANSWERS: Final = {
    "ac_cv_file__dev_ptmx": "yes",
    "ac_cv_file__dev_ptc": "no",
    "ac_cv_buggy_getaddrinfo": "no",
    # Programs that answer otherwise at the lowest priority, or without /dev/shm.
    "ac_cv_broken_mbstowcs": "no",
    "ac_cv_broken_nice": "no",
    "ac_cv_broken_poll": "no",
    "ac_cv_posix_semaphores_enabled": "yes",
    "ac_cv_aligned_required": "no",
    "ac_cv_broken_sem_getvalue": "no",
    "ac_cv_computed_gotos": "yes",
    "ac_cv_working_tzset": "yes",
    "ac_cv_pthread_is_default": "yes",
    "ac_cv_pthread_system_supported": "yes",
    "ac_cv_ffi_complex_double_supported": "yes",
}
"""What `configure` would look for on this machine, or run programs to find out."""
_ENVIRONMENT: Final = {
    "CC": "cc",
    # Or the interpreter that runs here would leave bytecode in the cache.
    "PYTHONDONTWRITEBYTECODE": "1",
    # Not run: CPython has no C++ in it. It is what setuptools calls for packages that have.
    "CXX": "c++",
    "AR": "ar",
    "RANLIB": "ranlib",
    "READELF": "readelf",
    # Not run, but configure would write into the Makefile what this machine has of them.
    "PYTHON_FOR_REGEN": "python3",
    "LLVM_PROFDATA": "/bin/true",
    # A pkg-config of the host would find the host's libraries.
    "PKG_CONFIG": "false",
    "OPT": "-DNDEBUG -O3 -Wall",
    # getbuildinfo.c would keep the day and hour; `platform` parses `sys.version`, so no dashes.
    "CPPFLAGS": """-DDATE='"19700101"' -DTIME='"00:00:00"'""",
    "LINKFORSHARED": " ",
    "MODULE_BUILDTYPE": "static",
    "CURSES_CFLAGS": "-D_GNU_SOURCE",
    "CURSES_LIBS": "-lncursesw",
    "PANEL_CFLAGS": "-D_GNU_SOURCE",
    "PANEL_LIBS": "-lpanelw",
    "LIBEDIT_CFLAGS": "-DUSE_LIBEDIT",
    "LIBEDIT_LIBS": "-ledit -lncursesw",
    "LDFLAGS_NODIST": "-Wl,--strip-all",
    # CPython's own malloc calls go to the allocator of the product.
    "LIBS": "-lmimalloc",
    # Or each number that is read or written would switch the x87's precision, which nothing here
    # computes with: three times as slow, where a hypervisor has to allow it slower still.
    "ac_cv_gcc_asm_for_x87": "no",
} | _ANSWERS
OF_THE_BUILD: Final = (
    "Programs/_freeze_module.c",
    "Programs/_bootstrap_python.c",
    "Modules/getpath_noop.c",
)
"""Parts of programs that only the build runs; functions in them have names of Python's."""
_NO_CONFSTR: Final = """\
        except (AttributeError, ValueError, OSError):
            # os.confstr() or CS_GNU_LIBC_VERSION value not available
            """
_SHARED_HACL: Final = 'if test "$ac_sys_system" = "WASI"; then\n  LIBHACL_LDEPS_LIBTYPE=STATIC\n'
"""In `configure` of 3.14.4 and older, which links HACL* twice where modules are built in."""
_VARIABLE: Final = re.compile(r"^([A-Za-z_]\w*)=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def build(shop: RecipeContext, host_python: Path | None) -> None:
    """Build CPython and lay it out below `output` as `install/` and `build/`.

    `host_python` is an interpreter of the same version that runs here; None where the one that is
    built does.
    """
    require_version(shop)
    version = major_minor(shop.source.version)
    configure(shop, host_python)
    profile = profiles.place_of(shop.source.name, shop.chain.target)
    flags = (*profiles.use_profile(shop, profile), *cpython_objects.FLAGS)
    make(shop, {"CFLAGS_NODIST": " ".join(flags)})
    profiles.report_misfits(shop, without=OF_THE_BUILD)
    variables = makefile_variables((shop.tree / "Makefile").read_text())
    cpython_objects.link(shop, f"libpython{version}.a", variables["LIBRARY_OBJS"].split())
    _lay_out(shop, version, host_python)


def configure(shop: RecipeContext, host_python: Path | None = None) -> None:
    """Change the source where it cannot know of musl, and run `configure`."""
    version = major_minor(shop.source.version)
    build, triplet = host.own_target().platform_triplet, shop.chain.target.platform_triplet
    # Otherwise `platform` would read the whole executable for it: seconds when that is large.
    libc = f"return 'musl', '{shop.pins['musl'].version}'\n"
    shop.replace("Lib/platform.py", _NO_CONFSTR + "pass\n", _NO_CONFSTR + libc)
    if _SHARED_HACL in (shop.tree / "configure").read_text():
        static = _SHARED_HACL.replace('"$ac_sys_system" = "WASI"', '"$MODULE_BUILDTYPE" = static')
        shop.replace("configure", _SHARED_HACL, static)
    (shop.tree / "Modules/Setup.local").symlink_to("Setup.stdlib")
    shop.run(
        "./configure",
        *(f"--build={build}", f"--host={triplet}", "--prefix=/install"),
        *((f"--with-build-python={host_python}",) if host_python else ()),
        f"--with-openssl={shop.chain.sysroot}",
        *_OPTIONS,
        *_NEWER_OPTIONS.get(version, ()),
        env=_ENVIRONMENT,
    )
    shop.run("make", "Makefile")


def make(shop: RecipeContext, variables: Mapping[str, str]) -> None:
    """Compile all with these variables of `make`, which are in no file that packages read."""
    version = major_minor(shop.source.version)
    named = (f"{name}={value}" for name, value in variables.items())
    # Not all: shared modules, the test programs and gdb hooks are not wanted.
    shop.run("make", f"-j{jobs()}", *named, "python", f"libpython{version}.a")
    # What `sysconfig` says is written without them: `make` hands them on to what it runs.
    shop.run("make", "pybuilddir.txt")


def makefile_variables(text: str) -> dict[str, str]:
    """Return the variables of a Makefile with references to one another expanded."""
    raw = dict(_VARIABLE.findall(text.replace("\\\n", " ")))

    def expand(value: str, depth: int = 0) -> str:
        if depth > 20:
            return value
        return re.sub(
            r"\$[({](\w+)[)}]", lambda found: expand(raw.get(found[1], ""), depth + 1), value
        )

    return {name: expand(value) for name, value in raw.items()}


def _lay_out(shop: RecipeContext, version: str, host_python: Path | None) -> None:
    def write_clean(path: Path, place: Path) -> None:
        _write_clean(shop, path, place, host_python)

    install = shop.output / "install"
    library = install / "lib" / f"python{version}"
    (install / "bin").mkdir(parents=True)
    shutil.copy(shop.tree / "python", install / "bin" / f"python{version}")
    include = install / "include" / f"python{version}"
    lay_out(shop, library, include, shop.tree / "pyconfig.h")
    config = library / f"config-{version}-{shop.chain.target.platform_triplet}"
    config.mkdir()
    write_clean(shop.tree / "Makefile", config / "Makefile")
    for name in ("Setup", "Setup.bootstrap", "Setup.stdlib", "config.c"):
        write_clean(shop.tree / "Modules" / name, config / name)
    shutil.copyfile(shop.tree / f"libpython{version}.a", config / f"libpython{version}.a")
    for path in _build_folder(shop).glob("_sysconfig*"):
        if path.suffix in (".py", ".json"):
            write_clean(path, library / path.name)
    _copy_objects(shop, shop.output / "build")


def _copy_objects(shop: RecipeContext, place: Path) -> None:
    for path in sorted(shop.tree.rglob("*.o")):
        copy = place / path.relative_to(shop.tree)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    # Bundled libraries that extension modules are linked with.
    for path in sorted(shop.tree.glob("Modules/**/*.a")):
        copy = place / path.relative_to(shop.tree)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _build_folder(shop: RecipeContext) -> Path:
    return shop.tree / (shop.tree / "pybuilddir.txt").read_text().strip()


def _write_clean(shop: RecipeContext, path: Path, place: Path, host_python: Path | None) -> None:
    """Copy a text without the paths of this build, which would differ on every machine."""
    text = path.read_text()
    for found, written in (
        *(((str(host_python), host_python.name),) if host_python else ()),
        (str(shop.chain.sysroot), "/sysroot"),
        (str(shop.chain.root), "/toolchain"),
        (str(shop.tree), "/source"),
        (str(shop.root), "/obelisk"),
    ):
        text = text.replace(found, written)
    place.write_text(text)
