"""Which contents share a frame where size comes first: neighbours, so that few are read in vain.

A group ends where the name of its last member says so, or where it would be too large: what one
module is changed to, or a module that comes or goes, changes its own group and at most the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import xxhash

from obelisk.payload.payload import Item, Kind, Table, use_key
from obelisk.payload.stored import Frame

_CODE: Final = 128 << 10
"""Bytes of bytecode in a group, on average. A function whose code is deferred costs that much."""
_TEXT: Final = 256 << 10
"""The same of source text."""
_DATA: Final = 64 << 10
"""The same of other files: programs read single ones of them, such as metadata."""
_RANGE: Final = 1 << 64

_Member = tuple[str, int]
"""A key, and bytes."""


def groups(
    modules: Iterable[Item], files: Iterable[Item], order: Sequence[str], main: str = ""
) -> list[list[str]]:
    """Return the keys of what shares frames: those in `order` first, then by their path.

    The code of the main program, which each start reads, does not.
    What has half of a group's bytes by itself is a group of its own.
    """
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys(order))}
    codes = {one.name: one for one in modules if one.kind == Kind.CODE}
    text: list[_Member] = []
    data: list[_Member] = []
    for one in sorted(files, key=lambda item: item.name):
        if one.frame == Frame.TEXT:
            wanted = text if one.name in codes else data
            wanted.append((use_key(Table.FILES, one.name), len(one.data)))
    code = sorted(
        (
            (use_key(Table.MODULES, one.name), len(one.data))
            for one in codes.values()
            if one.frame == Frame.CODE and one.name != main
        ),
        key=lambda member: (ranks.get(member[0], len(ranks)), member[0]),
    )
    return [
        group
        for members, size in ((code, _CODE), (text, _TEXT), (data, _DATA))
        for group in _cut(members, size)
    ]


def _cut(members: Iterable[_Member], size: int) -> list[list[str]]:
    """Cut what shares frames into groups of about that size."""
    alone: list[list[str]] = []
    made: list[list[str]] = [[]]
    total = 0
    for key, length in members:
        if 2 * length >= size:
            alone.append([key])
            continue
        if total + length > 2 * size:
            made.append([])
            total = 0
        made[-1].append(key)
        total += length
        # After half of it, each byte is as likely to be the last one.
        if 2 * total > size and _number(key) * size < 2 * length * _RANGE:
            made.append([])
            total = 0
    return [*alone, *(group for group in made if group)]


def _number(key: str) -> int:
    return xxhash.xxh64_intdigest(key.encode(), 0)
