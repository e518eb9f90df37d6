"""Signing a file, and checking a signature: prehashed Ed25519 as minisign writes it.

The file's BLAKE2b is signed, and then that signature together with the trusted comment.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from obelisk.errors import ConfigError, VerifyError
from obelisk.services.regular import open_regular
from obelisk.signing.keys import PublicKey, SecretKey
from obelisk.signing.text import (
    TRUSTED,
    UNTRUSTED,
    comment_of,
    malformed,
    read_lines,
    shown_number,
    unpacked,
    written,
)

_PREHASHED: Final = b"ED"
_OF_WHOLE_FILE: Final = b"Ed"
_SIGNATURE: Final = struct.Struct("<2s8s64s")
_SIZE: Final = 64
_LONGEST: Final = 8192 - len(TRUSTED) - 1
"""Bytes of a trusted comment that minisign reads."""
_CHUNK: Final = 1 << 20
_EPOCH: Final = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """The signature of a file."""

    number: bytes
    """Of the key."""
    signed: bytes
    comment: bytes
    """That is signed as well."""
    comment_signed: bytes

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the signature in a file; raise `VerifyError`."""
        what = "signature"
        untrusted, first, trusted, second = read_lines(path, 4, what, VerifyError)
        try:
            comment_of(untrusted, UNTRUSTED)
            number, signed = _unpack(first)
            return cls(
                number=number,
                signed=signed,
                comment=comment_of(trusted, TRUSTED),
                comment_signed=unpacked(second, _SIZE),
            )
        except ValueError as error:
            raise malformed(what, path, str(error), VerifyError) from error

    def text(self) -> bytes:
        """Return the text of its file."""
        data = _SIGNATURE.pack(_PREHASHED, self.number, self.signed)
        return written(
            [
                (UNTRUSTED + b"signature from obelisk, in the format of minisign", data),
                (TRUSTED + self.comment, self.comment_signed),
            ]
        )


def signature_path(path: Path) -> Path:
    """Return where the signature of a file is by default: beside it."""
    return path.with_name(f"{path.name}.minisig")


def default_comment(path: Path) -> str:
    """Return the trusted comment of a file, as minisign writes it.

    There is no time in it unless SOURCE_DATE_EPOCH is: the same file has the same signature.
    """
    epoch = os.environ.get(_EPOCH, "")
    time = f"timestamp:{int(epoch)}\t" if epoch.isascii() and epoch.isdigit() else ""
    return f"{time}file:{path.name}\thashed"


def sign(path: Path, key: SecretKey, comment: str) -> Signature:
    """Sign a file; raise `ConfigError` if it is unreadable, or the comment is no line of text."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - see keys.py
        Ed25519PrivateKey,
    )

    text = comment.encode(errors="surrogateescape")
    if len(text) > _LONGEST or any(not (char.isprintable() or char == "\t") for char in comment):
        message = f"the trusted comment must be one line of at most {_LONGEST} bytes"
        raise ConfigError(message)
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    try:
        signed = private.sign(_hash(path))
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ConfigError(message) from error
    return Signature(
        number=key.number,
        signed=signed,
        comment=text,
        comment_signed=private.sign(signed + text),
    )


def check(path: Path, signature: Path, key: PublicKey) -> str:
    """Check a file's signature; return the trusted comment. Raises `VerifyError` with the fault."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see keys.py
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    found = Signature.read(signature)
    if found.number != key.number:
        message = f"signed with the key {shown_number(found.number)} instead of {key}"
        raise VerifyError(message)
    try:
        digest = _hash(path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise VerifyError(message) from error
    pairs = (
        (found.signed, digest, "the file differs from the one that was signed"),
        (found.comment_signed, found.signed + found.comment, "the trusted comment was changed"),
    )
    for signed, content, fault in pairs:
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(signed, content)
        except InvalidSignature as error:
            raise VerifyError(fault) from error
    return found.comment.decode(errors="backslashreplace")


def _unpack(line: bytes) -> tuple[bytes, bytes]:
    """Return a key's number and the signature; raise `ValueError` for one of another kind."""
    algorithm, number, signed = _SIGNATURE.unpack(unpacked(line, _SIGNATURE.size))
    if algorithm == _OF_WHOLE_FILE:
        reason = "it is of the old kind without prehash; sign again with a newer minisign"
        raise ValueError(reason)
    if algorithm != _PREHASHED:
        reason = "unknown algorithm"
        raise ValueError(reason)
    return number, signed


def _hash(path: Path) -> bytes:
    digest = hashlib.blake2b()
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()
