"""Reading the inline metadata of a script (PEP 723)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from obelisk.config.toml import parse_toml
from obelisk.errors import ConfigError

_BLOCK: Final = re.compile(r"# /// ([a-zA-Z0-9-]+)")
"""The first line of a block of inline metadata (PEP 723)."""
_BLOCK_END: Final = "# ///"


def parse_script_header(text: str, path: Path) -> dict[str, Any]:
    """Return the `script` block of a script's inline metadata (PEP 723), empty if it has none."""
    blocks = [content for kind, content in _blocks(text.split("\n")) if kind == "script"]
    if len(blocks) > 1:
        message = f"{path} has more than one `# /// script` block"
        raise ConfigError(message)
    if not blocks:
        return {}
    content = "".join(f"{line[2:]}\n" for line in blocks[0])
    return parse_toml(content, f"the `# /// script` block of {path}")


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (type, lines) of the blocks of inline metadata.

    They are what the specification's regular expression finds, which takes a time that grows with
    the square of the number of lines.
    """
    at = 0
    while at < len(lines):
        first = _BLOCK.fullmatch(lines[at])
        at += 1
        if first is None:
            continue
        start, end = at, None
        while at < len(lines) and (lines[at] == "#" or lines[at].startswith("# ")):
            end = at if lines[at] == _BLOCK_END and at > start else end
            at += 1
        if end is not None:
            yield first[1], lines[start:end]
            at = end + 1
