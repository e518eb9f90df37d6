"""A payload with changed files: for libraries that are Python modules, which nothing links."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from obelisk.compile.bytecode import compile_modules
from obelisk.errors import ConfigError
from obelisk.model import LICENSES, Module
from obelisk.pack.importable import importable
from obelisk.payload.payload import Control, Item, Kind, Packed, Table, pack_payload, use_key
from obelisk.payload.reader import Payload, Record
from obelisk.payload.stored import Dictionaries, Frame, frame_key

_FILES = (Kind.FILE, Kind.PROGRAM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Files to replace or add, by their paths in the executable."""

    files: Mapping[str, Path]
    codes: Mapping[str, bytes]
    """The bytecode of those that are modules."""


def read_changes(folder: Path, manifest: Mapping[str, Any], python: Path | None) -> Changes:
    """Return what is below `folder`; `python` compiles its modules.

    Raises `ConfigError` if that is another version than the executable's, or cannot compile one.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    modules = [
        Module(path=path, source=source, name=path.removesuffix(".py").replace("/", "."))
        for path, source in files.items()
        if path.endswith(".py")
    ]
    codes = _compiled(modules, manifest, python) if modules else {}
    return Changes(files=files, codes=codes)


def with_changes(payload: Payload, changes: Changes, *, epoch: int | None, page: int) -> Packed:
    """Return the payload with these files in it; without any it is the same, byte for byte."""
    dictionaries = _dictionaries(payload)
    codes = {one.name: one for one in payload.modules if one.kind == Kind.CODE}
    files = [*_files(payload, changes), *_added(payload, changes)]
    modules = [_item(payload, one) for name, one in codes.items() if name not in changes.codes]
    modules += [
        Item(name=name, kind=Kind.CODE, data=code, frame=Frame.NONE)
        for name, code in changes.codes.items()
    ]
    paths = [*codes, *changes.codes, *_importable_files(files)]
    own = {one.name for one in payload.modules if one.kind == Kind.NAMESPACE}
    controls = {
        one.name: payload.read(one)
        for one in payload.controls
        if one.name not in Control.DICTIONARIES.values()
    }
    return pack_payload(
        [*modules, *importable(paths, own=frozenset(own))],
        files,
        controls,
        epoch=epoch,
        first_use=_order(payload),
        groups=_groups(payload),
        dictionaries=dictionaries,
        page=page,
    )


def _importable_files(files: Iterable[Item]) -> Iterator[str]:
    """Yield the paths of files that imports may find: license texts that were added are none."""
    for one in files:
        if one.kind in _FILES and not one.name.startswith(f"{LICENSES}/"):
            yield one.name


def _compiled(
    modules: list[Module], manifest: Mapping[str, Any], python: Path | None
) -> dict[str, bytes]:
    if python is None:
        found = ".".join(map(str, sys.version_info[:2]))
        wanted = ".".join(str(manifest["python"]).split(".")[:2])
        if found != wanted:
            message = f"Python {found} cannot compile changed modules for Python {wanted}"
            raise ConfigError(message, hint=f"name one with `--python`, such as python{wanted}")
    compiled = compile_modules(
        modules, python=python or Path(sys.executable), optimize=int(manifest["optimize"])
    )
    for module, reason in compiled.refused:
        message = f"cannot compile {module.source}: {reason}"
        raise ConfigError(message)
    return {one.module.path: one.code for one in compiled.bytecodes}


def _files(payload: Payload, changes: Changes) -> Iterator[Item]:
    for record in payload.files:
        item = _item(payload, record)
        source = changes.files.get(record.name)
        if source is not None and record.kind in _FILES:
            item = replace(item, data=source.read_bytes(), frame=Frame.NONE)
        yield item


def _added(payload: Payload, changes: Changes) -> Iterator[Item]:
    """Yield files that are new; a module's source only where there was one before, or no code."""
    before = {one.name for one in (*payload.files, *payload.modules)}
    for path, source in changes.files.items():
        if path not in before:
            yield Item(name=path, kind=Kind.FILE, data=source.read_bytes())


def _item(payload: Payload, record: Record) -> Item:
    data = b"" if record.kind == Kind.FOLDER else payload.read(record)
    return Item(name=record.name, kind=record.kind, data=data, frame=record.frame)


def _dictionaries(payload: Payload) -> Dictionaries:
    """Return the dictionaries, and all frames, so that none is made again."""
    contents = {}
    for frame, name in Control.DICTIONARIES.items():
        data = payload.control(name)
        if data is not None:
            contents[frame] = data
    known = {
        frame_key(payload.frame_content(one), one.frame): bytes(
            payload.data[one.offset : one.offset + one.stored]
        )
        for one in _framed(payload).values()
    }
    return Dictionaries(contents=contents, known=known)


def _framed(payload: Payload) -> dict[int, Record]:
    """Return a record of each frame, by its offset."""
    return {one.offset: one for one in payload.records if one.frame}


def _groups(payload: Payload) -> list[list[str]]:
    """Return the keys of what shares frames, in the order of their contents."""
    found: dict[int, list[tuple[int, str]]] = {}
    for table, rows in ((Table.MODULES, payload.modules), (Table.FILES, payload.files)):
        for one in rows:
            if one.frame:
                key = use_key(table, one.name)
                found.setdefault(one.offset, []).append((one.begin, key))
    return [[key for _, key in sorted(group)] for _, group in sorted(found.items())]


def _order(payload: Payload) -> list[str]:
    """Return the keys of all that is stored, in its order."""
    tables = ((Table.MODULES, payload.modules), (Table.FILES, payload.files))
    stored = [(one.offset, use_key(table, one.name)) for table, rows in tables for one in rows]
    return [key for _, key in sorted(stored, key=lambda pair: pair[0])]
