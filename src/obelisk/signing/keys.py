"""The keys of minisign: pairs are made, secret ones encrypted with a password.

Ed25519 and scrypt are those of `cryptography`; what is stored is minisign's layout.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from obelisk.errors import ConfigError
from obelisk.signing.text import (
    ALGORITHM,
    NUMBER_SIZE,
    UNTRUSTED,
    comment_of,
    malformed,
    read_lines,
    shown_number,
    unpacked,
    written,
)

_PUBLIC_FILE, _SECRET_FILE = "public key", "secret key"
"""What messages call the files."""
_PUBLIC: Final = struct.Struct("<2s8s32s")
_SECRET: Final = struct.Struct("<2s2s2s32sQQ104s")
_PLAIN: Final = struct.Struct("<8s32s32s32s")
"""What is encrypted: number, seed, public key, checksum."""
_SCRYPT: Final = b"Sc"
_NOTHING: Final = b"\0\0"
"""In place of scrypt where there is no password."""
_BLAKE2: Final = b"B2"
WORK: Final = 33554432
"""libsodium's "sensitive" limit of operations, which minisign uses."""
MEMORY: Final = 1 << 30
"""And that of memory, in bytes."""
_BLOCK: Final = 8
"""scrypt's `r`, as libsodium has it."""
_SALT_SIZE: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """What signatures are checked with."""

    number: bytes
    key: bytes

    def __str__(self) -> str:
        """Show its number."""
        return shown_number(self.number)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key of a file, or that which `text` itself is, as `minisign -P` takes it.

        Raises `ConfigError`.
        """
        path = Path(text)
        try:
            if not os.path.lexists(path) and len(text) == len(_line(bytes(_PUBLIC.size))):
                return cls.unpack(text.encode())
            comment, line = read_lines(path, 2, _PUBLIC_FILE, ConfigError)
            comment_of(comment, UNTRUSTED)
            return cls.unpack(line)
        except ValueError as error:
            raise malformed(_PUBLIC_FILE, text, str(error), ConfigError) from error

    @classmethod
    def unpack(cls, line: bytes) -> Self:
        """Return the key in a line; raise `ValueError` if there is none."""
        algorithm, number, key = _PUBLIC.unpack(unpacked(line, _PUBLIC.size))
        if algorithm != ALGORITHM:
            reason = "not an Ed25519 key"
            raise ValueError(reason)
        return cls(number=number, key=key)

    def text(self) -> bytes:
        """Return the text of its file."""
        comment = UNTRUSTED + f"minisign public key {self}".encode()
        return written([(comment, _PUBLIC.pack(ALGORITHM, self.number, self.key))])


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretKey:
    """What signs."""

    number: bytes
    seed: bytes = field(repr=False)
    public: bytes

    @property
    def public_key(self) -> PublicKey:
        """The other half of the pair."""
        return PublicKey(number=self.number, key=self.public)

    @classmethod
    def new(cls) -> Self:
        """Return a random key."""
        seed = os.urandom(32)
        return cls(number=os.urandom(NUMBER_SIZE), seed=seed, public=public_of(seed))

    def text(self, password: bytes | None, *, work: int = WORK, memory: int = MEMORY) -> bytes:
        """Return the text of its file; without a password it is not encrypted.

        `work` and `memory` are what scrypt takes at most, in libsodium's units and in bytes.
        """
        plain = _PLAIN.pack(self.number, self.seed, self.public, _checksum(self))
        if password is None:
            kind, salt, work, memory, stored = _NOTHING, bytes(_SALT_SIZE), 0, 0, plain
        else:
            kind, salt = _SCRYPT, os.urandom(_SALT_SIZE)
            stored = _encrypted(plain, password, salt, work, memory)
        data = _SECRET.pack(ALGORITHM, kind, _BLAKE2, salt, work, memory, stored)
        words = f"minisign {'' if password is not None else 'un'}encrypted secret key"
        return written([(UNTRUSTED + words.encode(), data)])


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredKey:
    """The secret key of a file, as it stands there."""

    path: Path
    encrypted: bool
    salt: bytes
    work: int
    memory: int
    stored: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the key of a file; raise `ConfigError`."""
        comment, line = read_lines(path, 2, _SECRET_FILE, ConfigError)
        try:
            comment_of(comment, UNTRUSTED)
            return cls.unpack(path, line)
        except ValueError as error:
            raise malformed(_SECRET_FILE, path, str(error), ConfigError) from error

    @classmethod
    def unpack(cls, path: Path, line: bytes) -> Self:
        """Return the key in a line of a file; raise `ValueError` if there is none."""
        fields = _SECRET.unpack(unpacked(line, _SECRET.size))
        algorithm, kind, checksum, salt, work, memory, stored = fields
        if (algorithm, checksum) != (ALGORITHM, _BLAKE2) or kind not in (_SCRYPT, _NOTHING):
            reason = "unknown algorithms"
            raise ValueError(reason)
        if work > WORK or memory > MEMORY:
            reason = "more work or memory for scrypt than minisign asks for"
            raise ValueError(reason)
        encrypted = kind == _SCRYPT
        return cls(
            path=path, encrypted=encrypted, salt=salt, work=work, memory=memory, stored=stored
        )

    @property
    def is_shown_to_others(self) -> bool:
        """Whether other users may read the file, or write to it."""
        return bool(self.path.stat().st_mode & 0o077)

    def unlocked(self, password: bytes | None) -> SecretKey:
        """Return the key; raise `ConfigError` if the password is another, or it is damaged."""
        plain = self.stored
        if self.encrypted:
            plain = _encrypted(plain, password or b"", self.salt, self.work, self.memory)
        number, seed, public, checksum = _PLAIN.unpack(plain)
        key = SecretKey(number=number, seed=seed, public=public)
        # minisign stores no checksum of a key without a password.
        unchecked = not self.encrypted and checksum == bytes(len(checksum))
        if not unchecked and not hmac.compare_digest(checksum, _checksum(key)):
            message = f"wrong password for {self.path}"
            if not self.encrypted:
                message = f"malformed secret key {self.path}: checksum mismatch"
            raise ConfigError(message)
        if public_of(seed) != public:
            raise malformed(_SECRET_FILE, self.path, "its halves do not match", ConfigError)
        return key


def public_of(seed: bytes) -> bytes:
    """Return the public key of a seed."""
    # Only signing needs it: a library in C and Rust, which takes a twentieth of a second to load.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def scrypt_parameters(work: int, memory: int) -> tuple[int, int]:
    """Return scrypt's N and p for limits of operations and bytes, as libsodium chooses them."""
    work = max(work, 32768)
    if work < memory // 32:
        return _power(work // (_BLOCK * 4)), 1
    cost = _power(memory // (_BLOCK * 128))
    return cost, min(0x3FFFFFFF, work // 4 // cost) // _BLOCK


def _power(largest: int) -> int:
    """Return the first power of two, of at least two, that is more than half of `largest`."""
    return 1 << max(1, (largest // 2).bit_length())


def _encrypted(data: bytes, password: bytes, salt: bytes, work: int, memory: int) -> bytes:
    """Encrypt or decrypt: the bytes are mixed with as many that scrypt makes of the password."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - as above

    cost, parallel = scrypt_parameters(work, memory)
    made = Scrypt(salt=salt, length=len(data), n=cost, r=_BLOCK, p=parallel).derive(password)
    return bytes(one ^ other for one, other in zip(data, made, strict=True))


def _checksum(key: SecretKey) -> bytes:
    content = ALGORITHM + key.number + key.seed + key.public
    return hashlib.blake2b(content, digest_size=32).digest()


def _line(data: bytes) -> bytes:
    return written([(b"", data)]).split(b"\n")[1]
