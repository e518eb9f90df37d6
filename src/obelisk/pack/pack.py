"""The stage `pack`: from bytecode, sources and data to the bytes of a payload."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from obelisk import __version__
from obelisk.components.component import to_json
from obelisk.components.inventory import Inventory
from obelisk.config.interpreter import runtime_settings
from obelisk.config.settings import Integrity
from obelisk.errors import CollectError
from obelisk.model import (
    CERTIFICATES,
    COMMANDS,
    LOADER,
    RESERVED_FOLDER,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Module,
    Multicall,
    Placed,
    ResolvedEntry,
    RunCode,
    RunModule,
    RunProgram,
    RunScript,
    ScriptFile,
)
from obelisk.pack.frames import Frames
from obelisk.pack.importable import importable
from obelisk.pack.sharing import groups
from obelisk.payload.content import Content, FileContent
from obelisk.payload.payload import Control, Item, Kind, Packed, pack_payload
from obelisk.payload.stored import Dictionaries
from obelisk.plan import Plan

MANIFEST_VERSION: Final = 2
_SMALL: Final = 64 << 10
"""Bytes below which a file is read at once, and not when it is written."""
_IN_MEMORY: Final = 512 << 20
"""Bytes of such files that are held at a time; what is beyond is read when it is written, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What else the manifest says."""

    inventory: Inventory
    """The components, and texts of their licenses that are added."""
    sizes: Mapping[str, Mapping[str, int]]
    """What each library takes of the runtime, by part."""
    left_out: tuple[str, ...] = ()
    """Names of modules of the standard library that are not in the executable."""
    recipe: bytes = b""
    """What the executable is built from."""


def pack(  # noqa: PLR0913 - three of them say in what order things are used
    plan: Plan,
    collection: Collection,
    bytecodes: Iterable[Bytecode],
    facts: Facts,
    first_use: Sequence[str] = (),
    dictionaries: Dictionaries | None = None,
    *,
    neighbours: Sequence[str] | None = None,
) -> Packed:
    """Return the payload.

    `first_use` are the keys (`payload.use_key`) of what a start is known to use, in its order.
    Contents share frames if there are `neighbours`, the keys of what is read one after the other.
    Raises `CollectError` when two things have one name, or what is not ours a name of ours.
    """
    _require_unreserved(collection)
    bytecodes = list(bytecodes)
    _require_main(collection, bytecodes)
    frames = Frames.of(plan.settings.storage.compression, first_use)
    modules = [
        *_code_items(bytecodes, frames),
        *importable(
            _importable_paths(collection, bytecodes),
            own=collection.own,
            extension=plan.target.extension_suffix,
        ),
    ]
    files = [
        *_file_items(collection, bytecodes, plan, frames),
        *_license_items(facts.inventory.licenses, frames),
    ]
    manifest = {
        **_manifest(plan, collection),
        "components": to_json(facts.inventory.components),
        "runtime": facts.sizes,
    }
    controls = _controls(plan, collection, manifest)
    if facts.recipe:
        controls[Control.RECIPE] = facts.recipe
    if facts.left_out:
        controls[Control.LEFT_OUT] = _ended(facts.left_out)
    return pack_payload(
        modules,
        files,
        controls,
        epoch=plan.source_date_epoch,
        first_use=first_use,
        groups=() if neighbours is None else groups(modules, files, neighbours, collection.main),
        dictionaries=replace(dictionaries or Dictionaries(), level=frames.level),
        page=plan.target.page_size,
    )


def _controls(plan: Plan, collection: Collection, manifest: dict[str, Any]) -> dict[str, bytes]:
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    controls = {
        Control.MAIN: collection.main.encode(),
        Control.MANIFEST: text.encode(),
        Control.PATH: _ended(collection.search_path),
    }
    if isinstance(collection.entry, RunModule):
        controls[Control.MODULE] = collection.entry.module.encode()
    if collection.pth:
        controls[Control.PTH] = _ended(collection.pth)
    if collection.natives:
        controls[Control.OBJECTS] = b""
    settings = (
        _interpreter_settings(plan, collection)
        + _module_names(collection)
        + _program_settings(collection)
        + _snapshot_settings(plan)
    )
    if settings:
        controls[Control.SETTINGS] = settings
    return controls


def _ended(texts: Iterable[str]) -> bytes:
    return b"".join(text.encode() + b"\0" for text in texts)


def _require_main(collection: Collection, bytecodes: Iterable[Bytecode]) -> None:
    if isinstance(collection.entry, RunProgram):
        found = any(file.path == collection.entry.path for file in collection.files)
        main = collection.entry.path
    else:
        found = any(one.module.path == collection.main for one in bytecodes)
        main = collection.main
    if not found:
        message = f"the main program `{main}` is not included in the executable"
        raise CollectError(message, hint="remove the pattern that matches it from `exclude`")


def _require_unreserved(collection: Collection) -> None:
    """Refuse what would be taken for something that Obelisk itself adds."""
    files = [one.relative for one in collection.files if one.path not in (CERTIFICATES, LOADER)]
    natives = [one.relative for one in collection.natives if one.package is not None]
    modules = [one.relative for one in collection.modules]
    for path in (*files, *natives, *modules):
        if path.partition("/")[0] == RESERVED_FOLDER:
            message = f"cannot include `{path}`: `{RESERVED_FOLDER}/` is reserved for Obelisk"
            raise CollectError(message, hint="rename it, or `exclude` it")


def _interpreter_settings(plan: Plan, collection: Collection) -> bytes:
    integrity = plan.settings.integrity
    interpreter = plan.settings.interpreter
    pairs = runtime_settings(
        replace(
            interpreter,
            frozen="frozen" in collection.asked or interpreter.frozen,
            meipass="meipass" in collection.asked or interpreter.meipass,
        ),
        optimize=plan.settings.optimize,
        unbuffered=plan.settings.unbuffered,
        integrity=str(integrity) if integrity != Integrity.USE else None,
    )
    return b"".join(f"{name}={value}\0".encode() for name, value in pairs)


def _program_settings(collection: Collection) -> bytes:
    """Return what runtime/c/exec/programs.c asks for."""
    text = b""
    if any(file.path.startswith(f"{COMMANDS}/") for file in collection.files):
        text += b"commands=1\0"
    if isinstance(collection.entry, RunProgram):
        text += f"program={collection.entry.path}\0".encode()
    if collection.first_use_log is not None:
        text += f"first_use_log={collection.first_use_log}\0".encode()
    return text


def _snapshot_settings(plan: Plan) -> bytes:
    """Return what runtime/c/snapshot/prepare.c hands on."""
    if not plan.settings.snapshot:
        return b""
    lists = {
        "snapshot_import": plan.settings.snapshot_imports,
        "snapshot_exclude": plan.settings.snapshot_exclude,
    }
    return b"".join(f"{key}={name}\0".encode() for key, names in lists.items() for name in names)


def _module_names(collection: Collection) -> bytes:
    """Return the settings that name what the application is for `python -m`."""
    names: list[str] = []
    match collection.entry:
        case RunModule() as entry:
            names = [entry.module, entry.module.removesuffix(".__main__")]
        case EntryPoint() as entry:
            package = entry.module.partition(".")[0]
            known = {module.name for module in collection.modules}
            names = [entry.module, *([package] if f"{package}.__main__" in known else [])]
        case RunScript() | RunCode() | ScriptFile() | Multicall() | RunProgram():
            pass
    return b"".join(f"own_module={name}\0".encode() for name in sorted(set(names)))


def _code_items(bytecodes: Iterable[Bytecode], frames: Frames) -> Iterator[Item]:
    """Return the code of source files; bytecode without source is a file as any other."""
    for one in bytecodes:
        if not one.module.is_sourceless:
            frame = frames.of_code(one.module.path)
            yield Item(name=one.module.path, kind=Kind.CODE, data=one.code, frame=frame)


def _importable_paths(collection: Collection, bytecodes: Iterable[Bytecode]) -> Iterator[str]:
    """Return the paths of all files that an import may find, and of others."""
    yield from (one.module.path for one in bytecodes)
    yield from (file.path for file in _data_files(collection, bytecodes))
    yield from (one.path for one in collection.natives)


def _file_items(
    collection: Collection, bytecodes: list[Bytecode], plan: Plan, frames: Frames
) -> Iterator[Item]:
    natives = {native.path for native in collection.natives}
    sources = _Sources(frames)
    for file in _data_files(collection, bytecodes):
        if file.path not in natives:
            yield sources.item(file)
    # Shared objects are there for those who look, but their content is in memory, not in a file.
    for native in collection.natives:
        yield Item(name=native.path, kind=Kind.FILE)
    # Packages are folders even when their sources are left out.
    for folder in sorted({one.module.path.rpartition("/")[0] for one in bytecodes} - {""}):
        yield Item(name=folder, kind=Kind.FOLDER)
    for module in (one.module for one in bytecodes):
        if module.is_sourceless or plan.settings.storage.source_text:
            yield sources.item(module)


def _license_items(files: Iterable[DataFile], frames: Frames) -> Iterator[Item]:
    """Return license texts, which no start reads."""
    for file in files:
        data = file.source.read_bytes()
        yield Item(name=file.path, kind=Kind.FILE, data=data, frame=frames.of_license(len(data)))


class _Sources:
    """Makes items of files, whose bytes are in memory as long as they are few."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._room = _IN_MEMORY

    def item(self, file: Placed) -> Item:
        """Return what is written for a file."""
        found = file.source.stat()
        kind = Kind.PROGRAM if found.st_mode & stat.S_IXUSR else Kind.FILE
        data: Content = FileContent(file.source, found.st_size)
        if len(data) < min(_SMALL, self._room):
            data = file.source.read_bytes()
            self._room -= len(data)
        if isinstance(file, Module) and not file.is_sourceless:
            frame = self._frames.of_text(file.path)
        else:
            frame = self._frames.of_data(file.path, kind, len(data))
        return Item(name=file.path, kind=kind, data=data, frame=frame)


def _data_files(collection: Collection, bytecodes: Iterable[Bytecode]) -> Iterator[DataFile]:
    """Return all files but modules' sources; a module that did not compile is such a file too."""
    compiled = {one.module.path for one in bytecodes}
    for file in collection.files:
        if file.path not in compiled and file.path != collection.main:
            yield file
    for module in _own_modules(collection):
        if module.path not in compiled and not module.is_sourceless:
            yield DataFile(path=module.path, source=module.source)


def _own_modules(collection: Collection) -> Iterator[Module]:
    """Return the modules that are not the standard library's."""
    return (module for module in collection.modules if not module.from_stdlib)


def _manifest(plan: Plan, collection: Collection) -> dict[str, Any]:
    return {
        "version": MANIFEST_VERSION,
        "obelisk": __version__,
        "name": plan.name,
        "target": plan.target.triple,
        "python": plan.python.version,
        "entry": _shown_entry(collection.entry),
        "optimize": plan.settings.optimize,
        "natives": [
            {"path": one.path, "package": one.package}
            for one in sorted(collection.natives, key=lambda one: one.path)
        ],
        "pins": [one.name for one in plan.own_pins],
    }


def _shown_entry(entry: ResolvedEntry) -> str:
    match entry:
        case RunModule():
            return entry.module
        case EntryPoint():
            return f"{entry.module}:{entry.function}"
        case RunCode():
            return entry.text.strip().partition("\n")[0]
        case RunScript():
            return entry.path.name
        case ScriptFile(name=shown) | RunProgram(path=shown):
            return shown
        case Multicall():
            return ", ".join(name for name, _ in entry.commands)
