"""What `obelisk inspect` shows: the contents of an executable, as values for text or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from obelisk.errors import VerifyError
from obelisk.payload.payload import Control, Kind
from obelisk.payload.reader import Payload, Record
from obelisk.verify.executable import Executable
from obelisk.verify.verify import open_payload


def contents(path: Path) -> dict[str, Any]:
    """Return a description of the executable at `path`, ready for JSON.

    Modules are the source files with code, by their paths. Sizes are bytes: `size` as stored,
    `expanded` after decompression. Raises `VerifyError` when the
    file is damaged.
    """
    executable, payload = open_payload(path)
    manifest = manifest_of(payload, path)
    manifest.pop("runtime", None)  # `sizes` has it
    modules = [_file(record) for record in payload.modules if record.kind == Kind.CODE]
    files = [_file(record) for record in payload.files if record.kind != Kind.FOLDER]
    return {
        **manifest,
        "executable": {
            "path": str(path),
            "size": executable.size,
            "runtime": runtime_size(executable, payload),
            "natives": executable.objects_size,
            "payload": len(payload.data),
            "snapshot": len(executable.snapshot),
        },
        "modules": modules,
        "files": files,
    }


def runtime_size(executable: Executable, payload: Payload) -> int:
    """Return how many bytes of an executable are its runtime's: all but what was added to it."""
    added = len(payload.data) + executable.objects_size + len(executable.snapshot)
    return executable.size - added


def manifest_of(payload: Payload, path: Path) -> dict[str, Any]:
    """Return what an executable was built from; raise `VerifyError` if it has no manifest."""
    text = payload.control(Control.MANIFEST)
    try:
        manifest = json.loads(text) if text is not None else None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        message = f"no readable manifest in {path}"
        raise VerifyError(message, hint="rebuild the executable")
    return manifest


def _file(record: Record) -> dict[str, Any]:
    return {"path": record.name, "size": record.stored, "expanded": record.size}
