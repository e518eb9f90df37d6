"""The standard library's bytecode: compiled once for each distribution and level, and cached."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from obelisk.cache import Cache, content_key
from obelisk.compile import bytecode, worker
from obelisk.compile.bytecode import compile_modules
from obelisk.model import Bytecode, Module


def stdlib_bytecode(
    cache: Cache, distribution: str, modules: list[Module], *, python: Path, optimize: int
) -> list[Bytecode]:
    """Return the bytecode of all modules of the distribution with the key `distribution`.

    Raises `ToolError` when Python fails.
    """
    key = content_key(
        {
            "distribution": distribution,
            "code": inspect.getsource(worker) + inspect.getsource(bytecode),
            "optimize": optimize,
            # The names of files that are in the code.
            "paths": [module.path for module in modules],
        }
    )

    def make(folder: Path) -> None:
        compiled = compile_modules(modules, python=python, optimize=optimize)
        sizes = [[one.module.path, len(one.code)] for one in compiled.bytecodes]
        (folder / "code").write_bytes(b"".join(one.code for one in compiled.bytecodes))
        (folder / "index.json").write_text(json.dumps(sizes), encoding="utf-8")

    folder = cache.obtain("bytecode", key, make)
    by_path = {module.path: module for module in modules}
    code, found, place = (folder / "code").read_bytes(), [], 0
    for path, size in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        found.append(Bytecode(module=by_path[path], code=code[place : place + size]))
        place += size
    return found
