"""The standard library's bytecode: compiled once for each distribution and level, and cached."""

from __future__ import annotations

from pathlib import Path

from obelisk.compile.bytecode import compile_modules
from obelisk.compile.kept import KIND, bytecode_key, read_compiled, write_compiled
from obelisk.model import Bytecode, Module
from obelisk.services.cache import Cache


def stdlib_bytecode(
    cache: Cache, distribution: str, modules: list[Module], *, python: Path, optimize: int
) -> list[Bytecode]:
    """Return the bytecode of all modules of the distribution with the key `distribution`.

    Raises `ToolError` when Python fails.
    """
    # The names of files are in the code.
    key = bytecode_key(distribution, optimize, {"paths": [module.path for module in modules]})

    def make(folder: Path) -> None:
        write_compiled(compile_modules(modules, python=python, optimize=optimize), folder)

    return list(read_compiled(cache.obtain(KIND, key, make), modules).bytecodes)
