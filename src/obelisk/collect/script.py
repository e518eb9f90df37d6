"""A script and the modules next to it that it imports."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable
from pathlib import Path

from obelisk.collect import neighbours
from obelisk.errors import CollectError, ToolError
from obelisk.model import Module
from obelisk.services.process import run_captured


def script_modules(script: Path, *, python: Path, installed: Iterable[str]) -> list[Module]:
    """Return the script as a module, and the modules next to it that it imports.

    `python` is an interpreter of the target's version, which reads them. `installed` are the names
    of packages and modules that come before a namespace package. Raises `CollectError` for a file
    that cannot be read or has an error of syntax.
    """
    question = {"script": str(script), "installed": sorted(installed)}
    argv: list[str | Path] = [python, "-I", "-S", "-W", "ignore", str(neighbours.__file__)]
    what = f"reading the imports of {script}"
    done = run_captured(argv, env={}, stdin=json.dumps(question).encode(), what=what)
    if done.status < 0:
        message = f"{what} failed: Python was killed by {signal.Signals(-done.status).name}"
        raise CollectError(message, hint="one of the files is too large or too deeply nested")
    if done.status != 0:
        said = done.stderr.decode(errors="replace").strip() or f"status {done.status}"
        message = f"{what} failed: {said}"
        raise ToolError(message)
    answer = json.loads(done.stdout)
    if "wrong" in answer:
        where, why = answer["wrong"]
        message = f"cannot parse {where}: {why}"
        raise CollectError(
            message,
            hint="fix it for the target's Python version, or remove its import",
        )
    own = Module(name=script.stem, path=script.name, source=script)
    beside = [
        Module(
            name=name,
            path=Path(path).relative_to(script.parent).as_posix(),
            source=Path(path),
        )
        for name, path, _ in answer["modules"]
        if Path(path) != script
    ]
    return [own, *beside]
