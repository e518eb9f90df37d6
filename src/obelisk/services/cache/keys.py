"""Keys of cache entries: hashes of their declared inputs."""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType


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


def hash_code(*modules: ModuleType | Path) -> dict[str, str]:
    """Hash the code of modules: their text without comments, docstrings and blank lines.

    Modules are named by their file, so that it does not matter in which order they come.
    """
    paths = [item if isinstance(item, Path) else Path(str(item.__file__)) for item in modules]
    return {path.name: _hash_text(path.read_text(encoding="utf-8")) for path in paths}


@functools.cache
def _hash_text(text: str) -> str:
    lines = text.splitlines(keepends=True)
    for first, start, last, end in sorted(_remarks(text), reverse=True):
        lines[first] = lines[first][:start] + lines[last][end:]
        del lines[first + 1 : last + 1]
    code = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(code.encode()).hexdigest()


def _remarks(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield line and column of the start and the end of comments and docstrings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
            yield node.lineno - 1, node.col_offset, last - 1, end
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0] - 1, token.start[1], token.end[0] - 1, token.end[1]
