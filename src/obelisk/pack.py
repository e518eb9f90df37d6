"""The stage `pack`: from bytecode, sources and data to the bytes of a payload."""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from obelisk import __version__
from obelisk.config.interpreter import runtime_settings
from obelisk.config.schema import Compression, Integrity
from obelisk.errors import CollectError
from obelisk.model import (
    CERTIFICATES,
    RESERVED_FOLDER,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Module,
    Multicall,
    NativeFile,
    ResolvedEntry,
    RunModule,
    ScriptFile,
    ancestors,
)
from obelisk.payload import Control, Item, Kind, Packed, pack_payload
from obelisk.plan import Plan

MANIFEST_VERSION: Final = 1
_HUGE: Final = 64 << 20
"""Bytes from which a file is not read into memory."""


def pack(
    plan: Plan,
    collection: Collection,
    bytecodes: Iterable[Bytecode],
    libraries: Iterable[tuple[str, str, str]],
) -> Packed:
    """Return the payload; `libraries` are (name, version, licence) of the runtime's sources.

    Raises `CollectError` when two things have one name, or what is not ours a name of ours.
    """
    _require_unreserved(collection)
    bytecodes = list(bytecodes)
    compression = plan.settings.compression
    modules = list(_module_items(bytecodes, collection, compression))
    files = list(_file_items(collection, bytecodes, plan))
    manifest = json.dumps(_manifest(plan, collection, libraries), indent=1, sort_keys=True) + "\n"
    entry = collection.entry
    controls = {
        Control.ENTRY: (entry.module if isinstance(entry, RunModule) else "__main__").encode(),
        Control.MANIFEST: manifest.encode(),
    }
    if collection.natives:
        controls[Control.OBJECTS] = b""
    settings = _interpreter_settings(plan)
    if settings:
        controls[Control.SETTINGS] = settings
    return pack_payload(modules, files, controls, epoch=plan.source_date_epoch)


def _require_unreserved(collection: Collection) -> None:
    """Refuse what would be taken for something that Obelisk itself adds."""
    files = [one.path for one in collection.files if one.path != CERTIFICATES]
    natives = [one.path for one in collection.natives if one.package is not None]
    modules = [one.path for one in collection.modules]
    for path in (*files, *natives, *modules):
        if path.partition("/")[0] == RESERVED_FOLDER:
            message = f"`{path}` is in `{RESERVED_FOLDER}/`, which is reserved for Obelisk"
            raise CollectError(message, hint="rename it, or `exclude` it")


def _interpreter_settings(plan: Plan) -> bytes:
    integrity = plan.settings.integrity
    pairs = runtime_settings(
        plan.settings.interpreter,
        optimize=plan.settings.optimize,
        unbuffered=plan.settings.unbuffered,
        integrity=str(integrity) if integrity != Integrity.USE else None,
    )
    return b"".join(f"{name}={value}\0".encode() for name, value in pairs)


def _module_items(
    bytecodes: list[Bytecode], collection: Collection, compression: Compression
) -> Iterator[Item]:
    # As for CPython's own finder, an extension module comes before source of the same name.
    ordered = sorted(collection.natives, key=_preference)
    extensions = {one.module: one.path for one in ordered if one.module is not None}
    for name, path in sorted(extensions.items()):
        yield Item(name=name, kind=Kind.EXTENSION, data=path.encode())
    compiled = {one.module.name for one in bytecodes} | set(extensions)
    # Their import says what is wrong with them, as that of a file would.
    uncompiled = [
        one
        for one in _own_modules(collection)
        if one.name not in compiled and not one.is_sourceless
    ]
    names = compiled | {one.name for one in uncompiled}
    for one in bytecodes:
        if one.module.name in extensions:
            continue
        kind = Kind.PACKAGE if one.module.is_package else Kind.MODULE
        compress = compression == Compression.ZSTD
        yield Item(name=one.module.name, kind=kind, data=one.code, compress=compress)
    for module in uncompiled:
        kind = Kind.PACKAGE if module.is_package else Kind.MODULE
        yield Item(name=module.name, kind=kind)
    for name in sorted(_namespaces(names)):
        yield Item(name=name, kind=Kind.NAMESPACE)


def _preference(native: NativeFile) -> tuple[int, str]:
    """Order files of one module as CPython's suffixes do, the preferred one last."""
    name = native.path.rpartition("/")[2]
    suffixes = ("", ".abi3.", ".cpython-")
    return max(number for number, part in enumerate(suffixes) if part in name), native.path


def _namespaces(names: set[str]) -> set[str]:
    """Return the packages that have modules below them but no `__init__` (PEP 420)."""
    return {above for name in names for above in ancestors(name)} - names


def _file_items(collection: Collection, bytecodes: list[Bytecode], plan: Plan) -> Iterator[Item]:
    compress_data = plan.settings.compression == Compression.ZSTD
    compress_text = plan.settings.compression != Compression.OFF
    natives = {native.path for native in collection.natives}
    for file in _data_files(collection, bytecodes):
        if file.path in natives:
            continue
        data = _content(file.source)
        yield Item(name=file.path, kind=Kind.FILE, data=data, compress=compress_data)
    # Shared objects are there for those who look, but their content is in memory, not in a file.
    for native in collection.natives:
        yield Item(name=native.path, kind=Kind.FILE)
    # Packages are folders even when their sources are left out.
    for folder in sorted({one.module.path.rpartition("/")[0] for one in bytecodes} - {""}):
        yield Item(name=folder, kind=Kind.FOLDER)
    if plan.settings.sources:
        for one in (one for one in bytecodes if not one.module.is_sourceless):
            text = one.module.source.read_bytes()
            path = one.module.path
            yield Item(name=path, kind=Kind.FILE, data=text, compress=compress_text)


def _content(path: Path) -> bytes | memoryview:
    """Return the bytes of a file; those of a huge one are read when they are written."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size < _HUGE:
            return stream.read()
        return memoryview(mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ))


def _data_files(collection: Collection, bytecodes: list[Bytecode]) -> Iterator[DataFile]:
    """Return all files but modules' sources; a module that did not compile is such a file too."""
    compiled = {one.module.path for one in bytecodes}
    for file in collection.files:
        if file.path not in compiled:
            yield file
    for module in _own_modules(collection):
        if module.path not in compiled and not module.is_sourceless:
            yield DataFile(path=module.path, source=module.source)


def _own_modules(collection: Collection) -> Iterator[Module]:
    """Return the modules that are not the standard library's."""
    return (module for module in collection.modules if not module.from_stdlib)


def _manifest(
    plan: Plan, collection: Collection, libraries: Iterable[tuple[str, str, str]]
) -> dict[str, Any]:
    return {
        "version": MANIFEST_VERSION,
        "obelisk": __version__,
        "name": plan.name,
        "target": plan.target.triple,
        "python": plan.python.version,
        "entry": _shown_entry(collection.entry),
        "optimize": plan.settings.optimize,
        "packages": [
            {"name": one.name, "version": one.version, "license": one.license}
            for one in collection.packages
        ],
        "natives": [
            {"path": one.path, "package": one.package}
            for one in sorted(collection.natives, key=lambda one: one.path)
        ],
        "libraries": [
            {"name": name, "version": version, "license": licensed}
            for name, version, licensed in libraries
        ],
    }


def _shown_entry(entry: ResolvedEntry) -> str:
    match entry:
        case RunModule():
            return entry.module
        case EntryPoint():
            return f"{entry.module}:{entry.function}"
        case ScriptFile():
            return entry.name
        case Multicall():
            return ", ".join(name for name, _ in entry.commands)
