"""Reading a file once, for all that has checksums in it: its digest, and the payload's contents."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import xxhash

from obelisk.payload.reader import Payload
from obelisk.verify.digest import Block, Digest, blocks_of, digest_finding, is_damaged
from obelisk.verify.finding import Finding

_REGION: Final = 32 << 20
"""Bytes that are checked for one thing and the other before the next ones are read."""
_BATCH: Final = 32
"""Blocks that a thread takes at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """What of a file is not as it was written."""

    parts: list[str]
    """Names of parts that the digest covers."""
    records: list[str]
    """Names of the payload's records with other bytes; those that are damaged themselves aside."""
    sha256: str
    """Of the whole file, if that was asked for."""


class Contents:
    """Checks the bytes of a payload's records while they are read in the order of the file."""

    def __init__(self, payload: Payload, offset: int) -> None:
        self._payload = payload
        self._offset = offset
        records = [(number, one) for number, one in enumerate(payload.records) if one.intact]
        self._waiting = deque(sorted(records, key=lambda pair: pair[1].offset))
        self._open: list[tuple[int, xxhash.xxh64]] = []
        self._damaged: set[int] = set()

    def read(self, start: int, stop: int) -> None:
        """Take what lies between two offsets of the file; the next region begins at the last."""
        start, stop = start - self._offset, stop - self._offset
        records, data = self._payload.records, self._payload.data
        while self._waiting and self._waiting[0][1].offset < stop:
            number, record = self._waiting.popleft()
            self._open.append((number, xxhash.xxh64(seed=record.own_check)))
        still = []
        for number, digest in self._open:
            begin, end = records[number].offset, records[number].offset + records[number].stored
            digest.update(data[max(begin, start) : max(0, min(end, stop))])
            if end > stop:
                still.append((number, digest))
            elif digest.intdigest() != records[number].check:
                self._damaged.add(number)
        self._open = still

    def damaged(self) -> list[str]:
        """Return the names of the records with other bytes than those they had."""
        return [self._payload.records[number].name for number in sorted(self._damaged)]


def read_all(
    data: mmap.mmap,
    digest: Digest | None,
    contents: Contents | None,
    zeros: Sequence[tuple[int, int]] = (),
    *,
    hashed: bool,
) -> Damage:
    """Read every byte of a file once; hash it as a whole too if it is to be `hashed`.

    `zeros` are the (start, end) of what the digest takes for zero.
    """
    parts: dict[str, None] = {}
    blocks, whole = deque(blocks_of(digest)), hashlib.sha256()
    with memoryview(data) as view, ThreadPoolExecutor(os.cpu_count()) as pool:

        def damaged_in(batch: Sequence[Block]) -> list[str]:
            return [
                block[3] for block in batch if digest and is_damaged(view, digest, block, zeros)
            ]

        for start in range(0, len(data), _REGION):
            stop = min(start + _REGION, len(data))
            found = [pool.submit(damaged_in, batch) for batch in _batches(blocks, stop)]
            if contents is not None:
                # The last region has what lies at the end of the file, which are no bytes.
                contents.read(start, stop + (stop == len(data)))
            if hashed:
                whole.update(view[start:stop])
            for future in found:
                parts.update(dict.fromkeys(future.result()))
            # The whole of a file may be more than there is memory.
            data.madvise(mmap.MADV_DONTNEED, start, stop - start)
    # What lies beyond the end: tools that rewrite a file may make it shorter.
    parts.update(dict.fromkeys(name for *_, name in blocks))
    damaged = contents.damaged() if contents else []
    return Damage(parts=list(parts), records=damaged, sha256=whole.hexdigest() if hashed else "")


def check_digest(
    data: mmap.mmap, digest: Digest | None, zeros: Sequence[tuple[int, int]] = ()
) -> Finding:
    """Check every byte of the file that the digest covers, and name the corrupt parts."""
    damage = read_all(data, digest, None, zeros, hashed=False)
    return digest_finding(digest, damage.parts)


def _batches(blocks: deque[Block], stop: int) -> Iterator[list[Block]]:
    """Take the blocks that begin before an offset, some at once."""
    while blocks and blocks[0][1] < stop:
        batch: list[Block] = []
        while blocks and blocks[0][1] < stop and len(batch) < _BATCH:
            batch.append(blocks.popleft())
        yield batch
