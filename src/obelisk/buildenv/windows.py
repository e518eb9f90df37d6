"""Building packages for Windows: this machine's Python with the target's sysconfig, and clang.

Build backends run in this machine's own Python of the same version, as for other machines
(cross.py). Inside an isolated build its sysconfig is that of a Windows whose extension modules end
in `.pyd`, and whose compiler is driven as POSIX's are: so setuptools needs not know of it. What is
compiled is linked as a library (DLL), by windows_cc.py; link/pe links that into the executable.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from obelisk.buildenv import isolation
from obelisk.distribution.distribution import Distribution
from obelisk.services.process import run_logged
from obelisk.toolchain.clang import Toolchain, write_script
from obelisk.toolchain.mingw import write_mingw
from obelisk.toolchain.mingw_link import link_inputs

_COMPILERS: Final = ("cc", "gcc", "clang")
_LINK_FLAGS: Final = (
    *("-dll", "-machine:x64", "-entry:DllMainCRTStartup", "-noimplib"),
    *("-dynamicbase", "-nxcompat", "-opt:ref", "-build-id:no"),
    "-alternatename:__image_base__=__ImageBase",
)
_SYSCONFIG: Final = """\
import importlib

build_time_vars = dict(importlib.import_module({host!r}).build_time_vars)
build_time_vars.update({changed!r})
"""


def write_builder(
    distribution: Distribution, root: Path, home: Path, roots: Iterable[Path], search: str
) -> Toolchain:
    """Write the tools of a build below `root`; the last three are those of `isolation.write_tools`.

    Raises `ToolError`.
    """
    chain = write_mingw(distribution.target, root)
    chain.sysroot.mkdir(exist_ok=True)
    readable = [distribution.folder, *roots]
    isolation.write_tools(chain, home, readable, search)
    python = home / "bin" / f"python{distribution.version}"
    guard, driver = (Path(__file__).with_name(name) for name in ("guard.py", "windows_cc.py"))
    for name in _COMPILERS:
        audit = root / "audit" / f"{name}.json"
        setting = json.loads(audit.read_text(encoding="utf-8"))
        setting["command"] = [str(chain.tool("cc"))]
        audit.write_text(json.dumps(setting), encoding="utf-8")
        link = root / "audit" / f"{name}-link.json"
        words = {
            "compile": [str(python), "-I", "-S", str(guard), str(audit)],
            "link": [str(chain.tool("lld-link")), *_LINK_FLAGS],
            "lib": str(distribution.sysroot / "lib"),
            "after": [str(path) for path in _linked_with(chain, distribution)],
            "scratch": str(root / "audit"),
        }
        link.write_text(json.dumps(words), encoding="utf-8")
        write_script(root / "tools" / name, f"'{python}' -I -S '{driver}' '{link}'")
    return chain


def add_sysconfig(distribution: Distribution, home: Path) -> None:
    """Give the Python of builds at `home` the headers and the sysconfig of Windows."""
    name = distribution.host.stdlib.name
    shutil.copytree(distribution.include, home / "include" / name, dirs_exist_ok=True)
    host = f"_sysconfigdata__linux_{distribution.host.target.platform_triplet}"
    changed = {
        "SOABI": distribution.abi,
        "EXT_SUFFIX": f".{distribution.abi}{distribution.target.extension_suffix}",
        "SHLIB_SUFFIX": distribution.target.extension_suffix,
        "CC": "cc",
        "CXX": "c++",
        "AR": "ar",
        "ARFLAGS": "rcs",
        "CCSHARED": "",
        "CFLAGS": "-O2 -fwrapv",
        "OPT": "-O2",
        "LDFLAGS": "",
        "PY_LDFLAGS": "",
        "LDSHARED": "cc -shared",
        "LDCXXSHARED": "c++ -shared",
        "BLDSHARED": "cc -shared",
    }
    text = _SYSCONFIG.format(host=host, changed=changed)
    path = home / "lib" / name / f"{_sysconfig_name(distribution)}.py"
    path.write_text(text, encoding="utf-8")


def variables(distribution: Distribution, home: Path) -> dict[str, str]:
    """Return the variables of a build whose sysconfig is that of Windows."""
    return {
        "_PYTHON_HOST_PLATFORM": distribution.target.python_platform,
        "_PYTHON_SYSCONFIGDATA_NAME": _sysconfig_name(distribution),
        "_PYTHON_SYSCONFIGDATA_PATH": str(home / "lib" / distribution.host.stdlib.name),
    }


def _sysconfig_name(distribution: Distribution) -> str:
    return f"_sysconfigdata__windows_{distribution.target.platform_triplet}"


def _linked_with(chain: Toolchain, distribution: Distribution) -> list[str | Path]:
    """Return what each library is linked with: its start file, Python's API, and the system."""
    lib = distribution.sysroot / "lib"
    digits = distribution.version.replace(".", "")
    python = chain.root / f"python{digits}.lib"
    argv: list[str | Path] = [
        *(chain.tool("dlltool"), "-m", "i386:x86-64", "-D", f"python{digits}.dll"),
        *("-d", distribution.config / f"python{digits}.def", "-l", python),
    ]
    what = "writing the import library of Python"
    log, env = chain.root / "log.txt", {**chain.environment(), "TMPDIR": os.fspath(chain.root)}
    run_logged(argv, log=log, cwd=chain.root, env=env, what=what)
    return [lib / "dllcrt2.obj", python, *link_inputs(lib)]
