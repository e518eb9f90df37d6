"""Whether the runtime's functions check the stack's canary: they call what ends the process.

`-fstack-protector-strong` adds that call to each function with an array, or with a variable whose
address is taken. There is no mark in the file that says so, but the calls can be counted.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from obelisk.errors import VerifyError
from obelisk.verify.dynamic import address_of, dynamic_entries
from obelisk.verify.finding import Finding
from obelisk.verify.headers import EXECUTE, Headers, Segment
from obelisk.verify.memory import Memory
from obelisk.verify.promise import Promise

_NAME: Final = b"__stack_chk_fail"
_CODE: Final = 8 << 10
"""Bytes of code with one such call, at least and on average: it is one in 2 KiB."""


def canary_finding(headers: Headers, memory: Memory, objects: Sequence[Segment]) -> Finding:
    """Look for calls in the runtime's code, which is all but the segments of linked `objects`.

    What those are compiled with is up to their makers.
    """
    try:
        fault = _fault(headers, memory, objects)
    except VerifyError as error:
        fault = f"unreadable symbols or code: {error}"
    detail = fault or "checked before functions return"
    return Finding(promise=Promise.CANARY, sound=fault is None, detail=detail)


def _fault(headers: Headers, memory: Memory, objects: Sequence[Segment]) -> str | None:
    address = address_of(_NAME, dict(dynamic_entries(headers, memory)), memory)
    calls = _CALLS.get(headers.machine)
    if address is None or calls is None:
        return f"no function `{_NAME.decode()}`: nothing can check the stack"
    code = [
        load
        for load in headers.loads
        if load.flags & EXECUTE and load.file_size and load not in objects
    ]
    size = sum(load.file_size for load in code)
    if size > headers.size:
        return "segments with code overlap"
    enough = max(1, size // _CODE)
    found = 0
    for load in code:
        content = bytes(memory.read(load.address, load.file_size))
        for _ in calls(content, load.address, address):
            found += 1
            if found == enough:
                return None
    return f"only {found} functions of the runtime check the stack, expected {enough} or more"


def _x86_64(code: bytes, start: int, target: int) -> Iterator[int]:
    """Yield the places of `call target`."""
    place = code.find(b"\xe8")
    while place >= 0:
        distance = int.from_bytes(code[place + 1 : place + 5], "little", signed=True)
        if start + place + 5 + distance == target:
            yield place
        place = code.find(b"\xe8", place + 1)


def _aarch64(code: bytes, start: int, target: int) -> Iterator[int]:
    """Yield the places of `bl target`."""
    words = array("I", code[: len(code) // 4 * 4])
    if sys.byteorder == "big":
        words.byteswap()
    last = (target - start) >> 2
    for place, word in enumerate(words):
        if word >> 26 == 0b100101 and word & 0x3FFFFFF == (last - place) & 0x3FFFFFF:
            yield place * 4


_CALLS: Final[dict[int, Callable[[bytes, int, int], Iterator[int]]]] = {62: _x86_64, 183: _aarch64}
"""By the number of the machine."""
