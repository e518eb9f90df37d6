"""What modules import, by their bytecode: read by the target's Python, and kept where it can be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from obelisk.errors import ToolError
from obelisk.model import Bytecode, Import, ModuleUnits, Unit
from obelisk.services.cache import Cache, content_key
from obelisk.services.process import run_captured

_WORKER: Final = Path(__file__).with_name("imports_worker.py")
"""Its names of instructions are those of the target's Python, so it is not imported here."""


def obtain_imports(
    cache: Cache, bytecodes: Sequence[Bytecode], *, python: Path, functions: bool
) -> list[ModuleUnits]:
    """Return what modules import, those of their functions too if `functions` says so.

    Kept by the content of all of them: give those together that change together. Raises
    `ToolError` when Python fails.
    """
    key = content_key(
        {
            "worker": _WORKER.read_text(encoding="utf-8"),
            "functions": functions,
            "python": str(python),
            "codes": [hashlib.sha256(one.code).hexdigest() for one in bytecodes],
        }
    )

    def make(folder: Path) -> None:
        (folder / "imports.json").write_bytes(_run_worker(bytecodes, python, functions=functions))

    folder = cache.obtain("bytecode", key, make)
    return _parsed(bytecodes, (folder / "imports.json").read_bytes())


def read_imports(
    bytecodes: Sequence[Bytecode], *, python: Path, functions: bool
) -> list[ModuleUnits]:
    """Return the same without keeping it: of what changes from build to build."""
    return _parsed(bytecodes, _run_worker(bytecodes, python, functions=functions))


def _run_worker(bytecodes: Iterable[Bytecode], python: Path, *, functions: bool) -> bytes:
    argv: list[str | Path] = [python, "-I", "-S", str(_WORKER)]
    argv.append("all" if functions else "bodies")
    codes = b"".join(len(one.code).to_bytes(8, "little") + one.code for one in bytecodes)
    what = "reading imports"
    done = run_captured(argv, env={}, stdin=codes, what=what)
    if done.status != 0:
        said = done.stderr.decode(errors="replace").strip() or f"status {done.status}"
        message = f"{what} failed: {said}"
        raise ToolError(message)
    return done.stdout


def _parsed(bytecodes: Sequence[Bytecode], text: bytes) -> list[ModuleUnits]:
    rows: list[list[list[Any]]] = json.loads(text)
    return [
        ModuleUnits(
            module=one.module,
            units=tuple(
                Unit(
                    name=name,
                    imports=tuple(
                        Import(level, imported, tuple(names)) for level, imported, names in imports
                    ),
                    computed=tuple(lines),
                    mentions=frozenset(mentions),
                )
                for name, imports, lines, mentions in units
            ),
        )
        for one, units in zip(bytecodes, rows, strict=True)
    ]
