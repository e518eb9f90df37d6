"""The stage `compile`: from modules' sources to bytecode.

The code's file names are relative (`package/module.py`), so they do not depend on where it was
built; the importer sets the full ones.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from obelisk.compile import worker
from obelisk.errors import ToolError
from obelisk.model import Bytecode, Module
from obelisk.process import run_captured, working_together
from obelisk.toolchain import jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """The bytecode of modules, and those that this Python cannot compile."""

    bytecodes: tuple[Bytecode, ...]
    refused: tuple[tuple[Module, str], ...]
    """(module, reason): files that end in `.py` but are templates or for other Pythons."""


def compile_modules(modules: Sequence[Module], *, python: Path, optimize: int) -> Compiled:
    """Compile modules with the interpreter `python`, on all processors.

    Raises `ToolError` when Python fails.
    """
    count = jobs()
    shares = [modules[start::count] for start in range(count)]
    with working_together(count) as pool:
        done = list(pool.map(lambda share: _compile_share(share, python, optimize), shares))
    bytecodes = [one for share, _ in done for one in share]
    refused = [one for _, share in done for one in share]
    return Compiled(
        bytecodes=tuple(sorted(bytecodes, key=lambda one: one.module.name)),
        refused=tuple(sorted(refused, key=lambda one: one[0].name)),
    )


def _compile_share(
    modules: Iterable[Module], python: Path, optimize: int
) -> tuple[list[Bytecode], list[tuple[Module, str]]]:
    modules = list(modules)
    lines = "".join(f"{module.source}\t{module.path}\n" for module in modules)
    argv: list[str | Path] = [
        python,
        "-I",
        "-S",
        "-W",
        "ignore",
        str(worker.__file__),
        str(optimize),
    ]
    done = run_captured(argv, env={}, stdin=lines.encode(), what="compiling modules")
    if done.status != 0:
        message = f"compiling modules failed: {done.stderr.decode(errors='replace')}"
        raise ToolError(message)
    answers = io.BytesIO(done.stdout)
    bytecodes, refused = [], []
    for module in modules:
        data = _read_block(answers)
        if data:
            bytecodes.append(Bytecode(module=module, code=data))
        else:
            refused.append((module, _read_block(answers).decode()))
    return bytecodes, refused


def _read_block(stream: io.BytesIO) -> bytes:
    size = int.from_bytes(stream.read(8), "little")
    return stream.read(size)
