"""The stage `compile`: from modules' sources to bytecode.

The code's file names are relative (`package/module.py`), so they do not depend on where it was
built; the importer sets the full ones.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.compile import worker
from obelisk.errors import CollectError, ToolError
from obelisk.model import Bytecode, Module
from obelisk.services.host import jobs
from obelisk.services.process import Finished, run_captured, working_together

_STARTED: Final = b"\0"
_CODE: Final = b"c"
_REFUSED: Final = b"r"
_SHARE: Final = 10
"""Modules for which it pays to start one more Python."""
_HEAD: Final = 9
"""Bytes of an answer before its data: a kind and a size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """The bytecode of modules, and those that this Python cannot compile."""

    bytecodes: tuple[Bytecode, ...]
    refused: tuple[tuple[Module, str], ...]
    """(module, reason): files that end in `.py` but are templates or for other Pythons."""


def compile_modules(modules: Sequence[Module], *, python: Path, optimize: int) -> Compiled:
    """Compile modules with the interpreter `python`, on all processors.

    A file that ends Python itself is refused as well, and the others are compiled by a new one.
    Raises `CollectError` for a file that cannot be read, `ToolError` when Python fails.
    """
    count = max(1, min(jobs(), len(modules) // _SHARE))
    shares = [modules[start::count] for start in range(count)]
    with working_together(count) as pool:
        done = list(pool.map(lambda share: _compile_share(share, python, optimize), shares))
    bytecodes = [one for share, _ in done for one in share]
    refused = [one for _, share in done for one in share]
    return Compiled(
        bytecodes=tuple(sorted(bytecodes, key=lambda one: one.module.path)),
        refused=tuple(sorted(refused, key=lambda one: one[0].path)),
    )


def _compile_share(
    modules: Sequence[Module], python: Path, optimize: int
) -> tuple[list[Bytecode], list[tuple[Module, str]]]:
    bytecodes, refused = [], []
    rest = list(modules)
    while rest:
        done = _run_worker(rest, python, optimize)
        answers = list(_answers(done.stdout[1:]))
        for module, (kind, data) in zip(rest, answers, strict=False):
            if kind == _CODE:
                bytecodes.append(Bytecode(module=module, code=data))
            elif kind == _REFUSED:
                refused.append((module, data.decode()))
            else:
                message = f"cannot read {module.source}: {data.decode()}"
                raise CollectError(message)
        rest = rest[len(answers) :]
        if rest:
            refused.append((rest.pop(0), _end_of_python(done)))
    return bytecodes, refused


def _run_worker(modules: Sequence[Module], python: Path, optimize: int) -> Finished:
    words = [os.fsencode(word) for module in modules for word in (module.source, module.path)]
    argv: list[str | Path] = [python, "-I", "-S", "-W", "ignore"]
    argv += [str(worker.__file__), str(optimize)]
    what = "compiling modules"
    done = run_captured(argv, env={}, stdin=b"".join(word + b"\0" for word in words), what=what)
    # Python may be ended by a file that it compiles, but nothing else may be wrong with it.
    if done.status > 0 or not done.stdout.startswith(_STARTED):
        said = done.stderr.decode(errors="replace").strip() or f"status {done.status}"
        message = f"{what} failed: {said}"
        raise ToolError(message)
    return done


def _answers(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the answers of a worker as (kind, bytes), without one that it did not end."""
    place = 0
    while place + _HEAD <= len(data):
        size = int.from_bytes(data[place + 1 : place + _HEAD], "little")
        end = place + _HEAD + size
        if end > len(data):
            return
        yield data[place : place + 1], data[place + _HEAD : end]
        place = end


def _end_of_python(done: Finished) -> str:
    name = signal.Signals(-done.status).name if done.status < 0 else f"status {done.status}"
    return f"Python was killed by {name} while compiling this file"
