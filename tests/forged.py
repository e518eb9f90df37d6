"""Payloads that somebody changed who makes the checksums right again."""

import xxhash

from obelisk.payload.payload import HEADER, RECORD, Table, own_check

FIELDS = [
    "offset",
    "stored",
    "size",
    "time",
    "check",
    "own",
    "begin",
    "name",
    "length",
    "kind",
    "frame",
]


def forged(written, name, **changes):
    """A payload with other fields in a file's record, whose checksums are right."""
    data = bytearray(written)
    head = HEADER.unpack_from(data)
    names_at, (at, count) = head[3], head[7:9]
    for position in range(count):
        place = at + position * RECORD.size
        row = dict(zip(FIELDS, RECORD.unpack_from(data, place), strict=True))
        key = bytes(data[names_at + row["name"] : names_at + row["name"] + row["length"]])
        if key.replace(b"\0", b"/").decode() != name:
            continue
        row |= changes
        where = tuple(row[field] for field in ("offset", "stored", "size", "begin", "time"))
        shape = tuple(row[field] for field in ("name", "length", "kind", "frame"))
        row["own"] = own_check(Table.FILES, position, key, where, shape)
        stored = bytes(data[row["offset"] : row["offset"] + row["stored"]])
        row["check"] = xxhash.xxh64_intdigest(stored, row["own"])
        RECORD.pack_into(data, place, *row.values())
        return bytes(data)
    raise LookupError(name)
