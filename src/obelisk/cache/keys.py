"""Names of cache entries: hashes of inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def content_key(inputs: Mapping[str, object]) -> str:
    """Hash named inputs, given as JSON values, to 32 hexadecimal digits."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hash_tree(root: Path) -> str:
    """Hash names and bytes of the files below `root`, the order of the file system aside."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
