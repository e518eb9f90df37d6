"""A signature of Authenticode, as far as it can be checked without trusting anybody.

It holds a hash of the file, which is compared. Who signed it, and whether to trust them, is for
Windows to say. Follows "Windows Authenticode Portable Executable Signature Format", and DER (X.690)
as far as it is needed to find the hash.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

from obelisk.pe.headers import DirectoryEntry, Headers, PeError
from obelisk.verify.finding import Finding
from obelisk.verify.promise import Promise

_CERTIFICATE: Final = struct.Struct("<IHH")
_PKCS_SIGNED_DATA: Final = 2
_SEQUENCE: Final = 0x30
_OCTETS: Final = 0x04
_OID: Final = 0x06
_CONTEXT: Final = 0xA0
_HASHES: Final = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("2b0e03021a"): "sha1",
}
_CHUNK: Final = 1 << 24


def signature_finding(data: memoryview, headers: Headers) -> Finding:
    """Compare the hash in a file's signature with the file."""
    table = headers.directory(DirectoryEntry.CERTIFICATE)
    if not table.size:
        return Finding(promise=Promise.AUTHENTICODE, sound=True, detail="not signed", is_note=True)
    try:
        name, expected = _signed_hash(bytes(data[table.address : table.address + table.size]))
    except PeError as error:
        fault = f"unreadable signature: {error}"
        return Finding(promise=Promise.AUTHENTICODE, sound=False, detail=fault)
    if _hash(data, headers, name) != expected:
        fault = f"the signature is of another file: its {name} does not match"
        return Finding(promise=Promise.AUTHENTICODE, sound=False, detail=fault)
    fact = f"its {name} matches the file; whether to trust the signer is for Windows to say"
    return Finding(promise=Promise.AUTHENTICODE, sound=True, detail=fact)


def _hash(data: memoryview, headers: Headers, name: str) -> bytes:
    """Hash all but what a signature changes, and itself."""
    table = headers.directory(DirectoryEntry.CERTIFICATE)
    skipped = [*headers.unsigned_fields(), (table.address, table.address + table.size)]
    digest, place = hashlib.new(name), 0
    for start, end in [*skipped, (len(data), len(data))]:
        for first in range(place, start, _CHUNK):
            digest.update(data[first : min(first + _CHUNK, start)])
        place = end
    return digest.digest()


def _signed_hash(table: bytes) -> tuple[str, bytes]:
    """Return the algorithm and the hash of a table of certificates, by its first signature."""
    if len(table) < _CERTIFICATE.size:
        message = "truncated"
        raise PeError(message)
    size, _, kind = _CERTIFICATE.unpack_from(table)
    if kind != _PKCS_SIGNED_DATA or size > len(table):
        message = f"type {kind}, {size} bytes of {len(table)}"
        raise PeError(message)
    _, signed = _fields(table[_CERTIFICATE.size : size], _SEQUENCE, _OID, _CONTEXT)
    _, _, content = _fields(signed, _SEQUENCE, None, None, _SEQUENCE)
    _, indirect = _fields(content, None, _OID, _CONTEXT)
    _, info = _fields(indirect, _SEQUENCE, _SEQUENCE, _SEQUENCE)
    algorithm, digest = _fields(info, None, _SEQUENCE, _OCTETS)
    (oid,) = _fields(algorithm, None, _OID)
    if oid not in _HASHES:
        message = f"unknown hash {oid.hex()}"
        raise PeError(message)
    return _HASHES[oid], digest


def _fields(content: bytes, outer: int | None, *tags: int | None) -> list[bytes]:
    """Return the first fields of a value, which must have these tags; None is any.

    `outer` is the tag that the value itself still has; its content is meant.
    """
    if outer is not None:
        content = _value(content, outer)[0]
    found = []
    for tag in tags:
        value, content = _value(content, tag)
        found.append(value)
    return found


def _value(content: bytes, tag: int | None) -> tuple[bytes, bytes]:
    """Return the content of the first value, and what follows it."""
    if len(content) < 2 or tag not in (None, content[0]):
        message = "malformed DER"
        raise PeError(message)
    size, start = content[1], 2
    if size >= 0x80:
        start = 2 + size - 0x80
        size = int.from_bytes(content[2:start], "big")
    end = start + size
    if end > len(content):
        message = "truncated DER"
        raise PeError(message)
    return content[start:end], content[end:]
