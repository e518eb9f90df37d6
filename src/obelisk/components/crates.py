"""Crates of Rust in a program or shared object, as `cargo auditable` lists them.

The section `.dep-v0` holds JSON, compressed by zlib: see PARSING.md of cargo-auditable. It is
outside data.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, Final

SECTION: Final = ".dep-v0"
_LARGEST: Final = 8 << 20
"""Bytes of expanded JSON, which cargo-auditable's own readers grant as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crate:
    """A crate that was compiled in."""

    name: str
    version: str
    source: str
    """`crates.io`, `git`, `local`, `registry`, or another text."""
    needs: tuple[int, ...]
    """Numbers of other crates of the same list."""


def read_crates(data: bytes) -> list[Crate]:
    """Return the crates of a section, but for those that only a build runs.

    The crate that was compiled itself is left out: it is the file. Raises `ValueError` for anything
    that is no such section.
    """
    try:
        rows = json.loads(_expanded(data))["packages"]
        found = [_parse(row) for row in rows]
        kept = [
            number
            for number, row in enumerate(rows)
            if row.get("kind", "runtime") == "runtime" and not row.get("root", False)
        ]
        places = {number: place for place, number in enumerate(kept)}
        return [
            Crate(
                name=found[number].name,
                version=found[number].version,
                source=found[number].source,
                needs=tuple(places[need] for need in found[number].needs if need in places),
            )
            for number in kept
        ]
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        message = f"{type(error).__name__}: {error}"
        raise ValueError(message) from error


def _expanded(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof:
        message = "truncated, or too large"
        raise ValueError(message)
    return text


def _parse(row: dict[str, Any]) -> Crate:
    name, version, source = row["name"], row["version"], row.get("source", "")
    needs = row.get("dependencies", [])
    texts = all(isinstance(text, str) for text in (name, version, source))
    if not texts or not all(isinstance(need, int) for need in needs):
        message = "a package has a field of another type"
        raise ValueError(message)
    return Crate(name=name, version=version, source=source, needs=tuple(needs))
