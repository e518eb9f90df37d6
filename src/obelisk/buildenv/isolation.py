"""What a build from source sees of this machine: named programs, and nothing else.

Backends get an environment of their own, in which nothing is the user's but the way to the network.
Compilers read the sysroot and the build's folders only (guard.py), CMake finds nothing elsewhere,
pkg-config and the programs that describe libraries are ours or absent. What a build wants beside
that has to come as a build requirement, or be named in `build-packages`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pkgconf

from obelisk.recipes.cxx import LIBRARIES, header_flags
from obelisk.toolchain.clang import Toolchain, write_script, zig_folder

CXX: Final = "C++"
_C_COMPILERS: Final = ("cc", "gcc", "clang")
_CXX_COMPILERS: Final = ("c++", "g++", "clang++")
_MISSING_COMPILERS: Final = {
    "Rust": ("cargo", "rustc"),
    "Fortran": ("gfortran", "flang", "f77", "f90", "f95"),
}
PROGRAMS: Final = (
    # What POSIX has, and `configure` and makefiles take for granted.
    *("[", "awk", "basename", "bash", "cat", "chmod", "cmp", "comm", "cp", "cut", "date", "dd"),
    *("diff", "dirname", "echo", "egrep", "env", "expr", "false", "fgrep", "find", "fold", "grep"),
    *("head", "id", "install", "join", "ln", "ls", "mkdir", "mktemp", "mv", "nproc", "od", "paste"),
    *("printf", "pwd", "readlink", "realpath", "rm", "rmdir", "sed", "seq", "sh", "sleep", "sort"),
    *("split", "stat", "sync", "tail", "tee", "test", "timeout", "touch", "tr", "true", "tsort"),
    *("uname", "uniq", "wc", "which", "whoami", "xargs", "yes"),
    *("md5sum", "sha1sum", "sha256sum", "sha512sum"),
    *("bzip2", "gunzip", "gzip", "tar", "unxz", "unzip", "xz"),
    # What Obelisk's own prerequisites are, and what names a version or patches a source.
    *("git", "make", "nm", "patch", "perl", "readelf"),
)
"""Programs of this machine that builds may call. None of them says what is installed here."""
_GIVEN_ON: Final = (
    *("ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("CMAKE_BUILD_PARALLEL_LEVEL", "MAX_JOBS", "TMPDIR"),
    *("CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
"""Variables of the user that backends get: how the network, processors and drafts are used."""
VERSIONS: Final = ("SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION", "VCS_VERSIONING_PRETEND")
"""How names of variables begin that say which version is built; those are given on too."""
_KEPT_FROM_THE_INSTALLER: Final = ("PYTHON", "LD_", "OBELISK_BUILD")
"""How names of variables begin that would change the Python that backends run in."""
_EPOCH: Final = "315532800"
"""1980-01-01, the first day that a wheel can name."""
_TOOLCHAIN_FILE: Final = """\
# Everything is found below these folders, or not at all.
list(APPEND CMAKE_FIND_ROOT_PATH {roots}
     "$ENV{{OBELISK_BUILD_SOURCE}}" "${{CMAKE_SOURCE_DIR}}" "${{CMAKE_BINARY_DIR}}")
if(DEFINED ENV{{VIRTUAL_ENV}})
  list(APPEND CMAKE_FIND_ROOT_PATH "$ENV{{VIRTUAL_ENV}}")
endif()
foreach(kind PROGRAM LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${{kind}} ONLY)
endforeach()
foreach(place CMAKE_SYSTEM_PATH PACKAGE_REGISTRY SYSTEM_PACKAGE_REGISTRY)
  set(CMAKE_FIND_USE_${{place}} OFF)
endforeach()
set(CMAKE_EXPORT_NO_PACKAGE_REGISTRY ON)
"""


def enclosed(
    chain: Toolchain, base: Mapping[str, str], foreign: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the installer: that of the user, whose program it is.

    It starts backends, which get theirs from a file that this one names (sitecustomize.py), and
    with it `foreign`, the variables of builds for another machine.
    """
    found = of_installer(base)
    # Not the values: they may be secrets.
    digests = {
        name: hashlib.sha256(os.fsencode(text)).hexdigest() for name, text in sorted(found.items())
    }
    path = chain.root / "environment.json"
    path.touch(mode=0o600)  # a proxy's name may have a password
    build = {"variables": variables(chain, base), "foreign": dict(foreign), "callers": digests}
    path.write_text(json.dumps(build), encoding="utf-8")
    return {**found, "OBELISK_BUILD": str(path)}


def without_builder(base: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return the environment of an installer that has nothing to build with.

    Backends fail, and leave a note beside `path`, which is missing: see `wanted`.
    """
    return {**of_installer(base), "OBELISK_BUILD": str(path)}


def wanted(path: Path) -> Path:
    """Return the note that a backend was started without the file `path` (sitecustomize.py)."""
    return path.with_name(f"{path.name}.wanted")


def of_installer(base: Mapping[str, str]) -> dict[str, str]:
    """Return what the installer gets of the user's environment."""
    return {
        name: text for name, text in base.items() if not name.startswith(_KEPT_FROM_THE_INSTALLER)
    }


def variables(chain: Toolchain, base: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of what runs in a build; `base` is the user's."""
    own = chain.environment()
    given = {
        name: text
        for name, text in base.items()
        if name.upper() in _GIVEN_ON or name.startswith(VERSIONS)
    }
    root = chain.root
    return {
        **given,
        **{name: own[name] for name in ("TZ", "ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")},
        "PATH": f"{root / 'tools'}:{root / 'programs'}",
        "HOME": str(root / "home"),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": _EPOCH,
        "ZERO_AR_DATE": "1",
        "CC": "cc",
        "CXX": "c++",
        "AR": "ar",
        "RANLIB": "ranlib",
        "PKG_CONFIG": str(root / "tools/pkg-config"),
        "PKG_CONFIG_LIBDIR": str(chain.lib / "pkgconfig"),
        "PKG_CONFIG_SYSROOT_DIR": str(chain.sysroot),
        "CMAKE_TOOLCHAIN_FILE": str(_toolchain_file(chain)),
        "CMAKE_PREFIX_PATH": str(chain.sysroot),
        # Whoever owns the project's folder runs its build anyway.
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def write_tools(chain: Toolchain, home: Path, roots: Iterable[Path], search: str) -> None:
    """Write what builds may call below `chain.root`.

    `home` has the Python of builds, `roots` are folders that compilers may read besides ours, and
    `search` is the PATH on which programs of this machine are looked for.
    """
    for name in ("tools", "programs", "home", "calls", "audit"):
        (chain.root / name).mkdir()
    readable = [chain.root, home, zig_folder(), *roots]
    # Programs that a build runs are loaded as Python is.
    loader = f"-Wl,--dynamic-linker={home / 'lib/ld-musl.so.1'}"
    command = [str(chain.tool("cc-shared")), loader]
    for name in _C_COMPILERS:
        _write_guarded(chain, home, name, readable, command)
    for language, names in {CXX: _CXX_COMPILERS, **_MISSING_COMPILERS}.items():
        _refuse(chain, language, names)
    # Symbols are left out when all is linked, or kept for a debugger.
    _write_program(chain.root / "tools/strip", "#!/bin/sh\nexit 0\n")
    for name in ("ar", "ranlib", "ld.lld"):
        (chain.root / "tools" / name).symlink_to(chain.tool(name))
    for name in ("pkg-config", "pkgconf"):
        write_script(chain.root / "tools" / name, f"'{pkgconf.get_executable()}'")
    for name in PROGRAMS:
        found = shutil.which(name, path=search)
        if found:
            (chain.root / "programs" / name).symlink_to(os.path.abspath(found))  # noqa: PTH100
    _write_toolchain_file(chain, readable)


def _refuse(chain: Toolchain, language: str, names: Iterable[str]) -> None:
    for name in names:
        said = f"obelisk: no {language} compiler for the target"
        text = f"#!/bin/sh\n: > '{chain.root / 'calls' / language}'\necho '{said}' >&2\nexit 127\n"
        _write_program(chain.root / "tools" / name, text)


def add_programs(chain: Toolchain, folder: Path) -> None:
    """Let builds call the programs in a folder that was named for them."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        link = chain.root / "programs" / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path)


def add_cxx(chain: Toolchain) -> None:
    """Let the C++ compilers of a build be those of C, with the standard library."""
    setting = json.loads((chain.root / "audit" / f"{_C_COMPILERS[0]}.json").read_text())
    setting["command"] += ["--driver-mode=g++", *header_flags(), "-nostdlib++"]
    setting["after"] = [f"-l{name}" for name in LIBRARIES]
    tool = (chain.root / "tools" / _C_COMPILERS[0]).read_text()
    for name in _CXX_COMPILERS:
        (chain.root / "audit" / f"{name}.json").write_text(json.dumps(setting))
        text = tool.replace(f"/{_C_COMPILERS[0]}.json'", f"/{name}.json'")
        _write_program(chain.root / "tools" / name, text)


def _write_guarded(
    chain: Toolchain, home: Path, name: str, roots: Iterable[Path], command: list[str]
) -> None:
    audit = chain.root / "audit"
    setting = {
        "command": command,
        "after": [],
        "roots": [str(root) for root in roots],
        "scratch": str(audit),
    }
    path = audit / f"{name}.json"
    path.write_text(json.dumps(setting))
    python = next((home / "bin").glob("python3.*"))
    guard = Path(__file__).with_name("guard.py")
    write_script(chain.root / "tools" / name, f"'{python}' -I -S '{guard}' '{path}'")


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _toolchain_file(chain: Toolchain) -> Path:
    return chain.root / "toolchain.cmake"


def _write_toolchain_file(chain: Toolchain, roots: Iterable[Path]) -> None:
    # The sysroot comes first: in it a library is `lib/libz.a`, in the others `.../lib/libz.a`.
    listed = " ".join(f"[==[{root}]==]" for root in (chain.sysroot, *roots))
    text = _TOOLCHAIN_FILE.format(roots=listed)
    _toolchain_file(chain).write_text(text, encoding="utf-8")
