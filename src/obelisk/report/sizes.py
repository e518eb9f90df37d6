"""What `obelisk inspect --size` shows: where the bytes of an executable are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from obelisk.model import CERTIFICATES, RESERVED_FOLDER
from obelisk.payload.payload import Kind
from obelisk.payload.reader import Payload, Record
from obelisk.report.contents import manifest_of, runtime_size
from obelisk.verify.verify import open_payload

_SITE: Final = "site-packages"
_STDLIB: Final = "standard library"
_APPLICATION: Final = "application"
_OBELISK: Final = "obelisk"
_CERTIFICATES_NAME: Final = CERTIFICATES.rpartition("/")[2]

_KINDS: Final = {
    Kind.CONTROL: "manifest and settings",
    Kind.CODE: "bytecode",
    Kind.OTHER: "import index",
    Kind.PROGRAM: "programs",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A record's share of the payload."""

    kind: str
    owner: str
    stored: int
    """Bytes that it takes, of a shared frame by its size; 0 if another has the same ones."""
    expanded: int


def sizes(path: Path) -> dict[str, Any]:
    """Return where the bytes of the executable at `path` are, ready for JSON.

    The runtime is broken down by library and part, as in the manifest; shared objects each; the
    payload by kind and by owner, with its bytes as stored and when expanded. What several records
    share counts for the first one. Raises `VerifyError` when the file is damaged.
    """
    executable, payload = open_payload(path)
    manifest = manifest_of(payload, path)
    parts = payload_parts(payload)
    stored = sum(part.stored for part in parts)
    return {
        "path": str(path),
        "size": executable.size,
        "runtime": {
            "size": runtime_size(executable, payload),
            "libraries": manifest.get("runtime", {}),
        },
        "objects": {
            "size": executable.objects_size,
            "files": [{"path": name, "size": size} for name, size in executable.objects],
        },
        "payload": {
            "size": len(payload.data),
            "index": len(payload.data) - stored,
            "kinds": _summed((part.kind, part) for part in parts),
            "owners": _summed((part.owner, part) for part in parts),
        },
        "snapshot": {"size": len(executable.snapshot)},
    }


def _summed(parts: Iterable[tuple[str, Part]]) -> list[dict[str, Any]]:
    """Add up parts by name, the largest first."""
    count: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    expanded: Counter[str] = Counter()
    for name, part in parts:
        count[name] += 1
        stored[name] += part.stored
        expanded[name] += part.expanded
    names = sorted(count, key=lambda name: (-stored[name], name))
    return [
        {"name": name, "count": count[name], "stored": stored[name], "expanded": expanded[name]}
        for name in names
    ]


def payload_parts(payload: Payload) -> list[Part]:
    """Return what each record takes, by kind and owner."""
    return list(_parts(payload))


def _parts(payload: Payload) -> Iterator[Part]:
    owners = _owners(payload)
    modules = {record.name for record in payload.modules if record.kind == Kind.CODE}
    seen: set[tuple[int, int]] = set()
    ends: dict[int, int] = {}
    for record in payload.records:
        end = record.begin + record.size
        ends[record.offset] = max(end, ends.get(record.offset, 0))
    for record in payload.records:
        if not record.stored:
            continue
        place = record.offset, record.begin
        shared = place in seen
        seen.add(place)
        yield Part(
            kind=_kind(record, modules),
            owner=_owner(record, owners),
            stored=0 if shared else _share(record, ends[record.offset]),
            expanded=record.size,
        )


def _share(record: Record, whole: int) -> int:
    """Return a record's part of its stored bytes; those of all that share them add up."""
    end = record.begin + record.size
    return record.stored * end // whole - record.stored * record.begin // whole


def _kind(record: Record, modules: set[str]) -> str:
    if record.name in modules and record.kind in (Kind.FILE, Kind.PROGRAM):
        return "source text"
    return _KINDS.get(record.kind) or _kind_of_file(PurePosixPath(record.name))


def _kind_of_file(path: PurePosixPath) -> str:
    if any(part.endswith(".dist-info") for part in path.parts):
        return "metadata"
    if path.name == _CERTIFICATES_NAME:
        return "certificates"
    return "time zones" if "tzdata" in path.parts else "data"


def _owner(record: Record, owners: dict[str, str]) -> str:
    if record.kind == Kind.CONTROL or record.name.startswith(f"{RESERVED_FOLDER}/"):
        return _OBELISK
    path = record.name
    if path in owners:
        return owners[path]
    parts = PurePosixPath(path).parts
    if _SITE in parts[:-1]:
        return owners.get(parts[parts.index(_SITE) + 1], _STDLIB)
    return _STDLIB if len(parts) > 2 and parts[0] == "lib" else _APPLICATION


def _owners(payload: Payload) -> dict[str, str]:
    """Return which package installed a path, by the RECORD of each that has one."""
    found: dict[str, str] = {}
    for record in payload.files:
        folder, _, name = record.name.rpartition("/")
        if name == "RECORD" and folder.endswith(".dist-info") and record.stored:
            site, _, info = folder.rpartition("/")
            package = info.partition("-")[0]
            for line in payload.read(record).decode(errors="replace").splitlines():
                path = line.partition(",")[0]
                found[f"{site}/{path}"] = package
                found.setdefault(path.partition("/")[0], package)
    return found


def size_lines(found: dict[str, Any]) -> list[str]:
    """Format the result of `sizes` as lines of text."""
    runtime, objects, payload = found["runtime"], found["objects"], found["payload"]
    snapshot = found["snapshot"]["size"]
    lines = [
        _row(found["size"], found["path"]),
        "",
        _row(runtime["size"], "runtime"),
        *_library_lines(runtime["libraries"]),
        "",
        _row(objects["size"], f"shared objects ({len(objects['files'])})"),
        *_largest((file["size"], file["path"]) for file in objects["files"]),
        "",
        *([_row(snapshot, "snapshot"), ""] if snapshot else []),
        _row(payload["size"], "payload"),
    ]
    lines += [_compared(row) for row in payload["kinds"]]
    lines += [f"  {payload['index']:>10}  index", "", "payload by package"]
    return lines + [_compared(row) for row in payload["owners"]]


def _row(size: int, name: str) -> str:
    return f"{size:>12}  {name}"


def _largest(rows: Iterable[tuple[int, str]]) -> list[str]:
    return [f"  {size:>10}  {name}" for size, name in sorted(rows, reverse=True)]


def _library_lines(libraries: dict[str, dict[str, int]]) -> list[str]:
    totals = [(sum(parts.values()), name, parts) for name, parts in libraries.items()]
    return [
        f"  {total:>10}  {name}: " + ", ".join(f"{part} {size}" for part, size in parts.items())
        for total, name, parts in sorted(totals, reverse=True)
    ]


def _compared(row: dict[str, Any]) -> str:
    share = f", {row['expanded']} decompressed" if row["expanded"] != row["stored"] else ""
    return f"  {row['stored']:>10}  {row['name']} ({row['count']}{share})"
