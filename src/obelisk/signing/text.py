"""The text form of keys and signatures: comments, and lines of base64.

https://jedisct1.github.io/minisign/ describes it. Every file is other people's text: only what
minisign would write is read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from obelisk.errors import ObeliskError
from obelisk.services.regular import read_regular

UNTRUSTED: Final = b"untrusted comment: "
TRUSTED: Final = b"trusted comment: "
ALGORITHM: Final = b"Ed"
"""Of keys: Ed25519."""
NUMBER_SIZE: Final = 8
"""Bytes of the number of a key pair, which is random."""
_LARGEST: Final = 16 << 10
"""Bytes of a file: minisign's longest comment has half of that."""


def read_lines(path: Path, count: int, what: str, kind: type[ObeliskError]) -> list[bytes]:
    """Return the lines of a file; raise an error of that kind if it has not as many.

    `what` names the file for people, such as `public key`.
    """
    try:
        text = read_regular(path, largest=_LARGEST)
    except OSError as error:
        message = f"cannot read the {what} {path}: {error.strerror}"
        raise kind(message) from error
    lines = text.removesuffix(b"\n").split(b"\n")
    if len(lines) != count:
        raise malformed(what, path, f"{len(lines)} lines instead of {count}", kind)
    return [line.removesuffix(b"\r") for line in lines]


def unpacked(line: bytes, size: int) -> bytes:
    """Return the bytes of a line of base64; raise `ValueError` unless there are `size`."""
    try:
        found = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        reason = "not base64"
        raise ValueError(reason) from error
    if len(found) != size or base64.b64encode(found) != line:
        reason = f"{len(found)} bytes of base64 instead of {size}"
        raise ValueError(reason)
    return found


def comment_of(line: bytes, prefix: bytes) -> bytes:
    """Return the comment in a line; raise `ValueError` if that begins with something else."""
    if not line.startswith(prefix):
        reason = f"no line with `{prefix.decode().strip()}`"
        raise ValueError(reason)
    return line.removeprefix(prefix)


def written(lines: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the text of (comment with its prefix, bytes) in turn."""
    return b"".join(comment + b"\n" + base64.b64encode(data) + b"\n" for comment, data in lines)


def shown_number(number: bytes) -> str:
    """Return the number of a key as minisign prints it."""
    return f"{int.from_bytes(number, 'little'):X}"


def malformed(what: str, path: Path | str, reason: str, kind: type[ObeliskError]) -> ObeliskError:
    """Return the error for a file that has another form."""
    return kind(f"malformed {what} {path}: {reason}")
