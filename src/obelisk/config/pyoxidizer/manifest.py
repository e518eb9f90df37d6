"""FileManifest and FileContent: files that are written beside executables."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import ClassVar, Final

from obelisk.config.pyoxidizer.resources import Resource
from obelisk.config.pyoxidizer.session import LOOK, Session, require_path
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Method,
    Row,
    Setting,
    host_type,
)
from obelisk.config.starlark.stack import Caller
from obelisk.errors import ConfigError
from obelisk.services.regular import is_regular

_ENTRY: Final = 5
"""Steps of copying an entry of a manifest."""
_FILES: Final = "test_files_beside_the_executable"
_EXECUTABLES: Final = "test_a_manifest_with_an_executable"


class Buildable(ApiObject):
    """An executable that is built; it can be in a manifest."""

    called = "an executable"

    name: str


def _write_to_directory(content: FileContent, caller: Caller, path: str) -> str:
    del caller
    folder = content.session.place(path)
    content.session.written.append((folder, content))
    return str(folder / content.filename)


class FileContent(ApiObject):
    """What a file has, with its name and mode."""

    rows: ClassVar[dict[str, Row]] = {
        "executable": Setting(does="the mode of the file", test=_FILES, accepts=bool),
        "filename": Setting(does="the name of the file", test=_FILES, accepts=str),
        "write_to_directory": Method(
            does="written when the target is built", test=_FILES, function=_write_to_directory
        ),
    }
    host_type = host_type("FileContent", rows)

    def __init__(
        self,
        session: Session,
        *,
        filename: str,
        source: Path | None = None,
        text: str | None = None,
        origin: ApiObject | None = None,
    ) -> None:
        super().__init__(session)
        self.source = source
        self.text = text
        self.origin = origin
        """What makes the file: an executable that is built, or what cannot be built here."""
        self.values["filename"] = filename
        self.values["executable"] = source is not None and _is_executable(source)

    @property
    def filename(self) -> str:
        """The name of the file."""
        return str(self.values["filename"])

    @property
    def is_executable(self) -> bool:
        """Whether the file can be executed."""
        return bool(self.values["executable"])


def content_of(session: Session, path: Path) -> FileContent:
    """Return the content of a file; raise `ConfigError` if there is no such."""
    if not is_regular(path):
        message = f"no such file: {path}"
        raise ConfigError(message)
    return FileContent(session, filename=path.name, source=path)


def _is_executable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IXUSR)
    except OSError:
        return False


def entry_path(path: str) -> str:
    """Return a path in a manifest; raise `ConfigError` for one that leads out of it."""
    normal = os.path.normpath(require_path(path))
    if normal.startswith(("/", "..")) or normal == ".":
        message = f"`{path}` is not a relative path of a file"
        raise ConfigError(message)
    return normal


def _add_manifest(manifest: FileManifest, caller: Caller, other: FileManifest) -> None:
    caller.spend(_ENTRY * len(other.entries))
    manifest.entries |= other.entries


def _add_file(
    manifest: FileManifest,
    caller: Caller,
    content: FileContent,
    path: str | None = None,
    directory: str | None = None,
) -> None:
    del caller
    chosen = path if path is not None else os.path.join(directory or "", content.filename)  # noqa: PTH118
    manifest.add(chosen, content)


def _add_path(
    manifest: FileManifest,
    caller: Caller,
    path: str,
    strip_prefix: str,
    force_read: bool = False,
) -> None:
    del force_read
    caller.spend(2 * LOOK)
    manifest.add_path(path, strip_prefix)


def _add_python_resource(
    manifest: FileManifest, caller: Caller, prefix: str, value: Resource | Buildable
) -> None:
    del caller
    manifest.add_resource(prefix, value)


def _add_python_resources(
    manifest: FileManifest, caller: Caller, prefix: str, values: list[Resource]
) -> None:
    caller.spend(LOOK * len(values))
    for value in values:
        manifest.add_resource(prefix, value)


def _build(manifest: ApiObject, caller: Caller, target: str) -> None:
    del manifest, caller, target


def _get_file(manifest: FileManifest, caller: Caller, path: str) -> FileContent | None:
    del caller
    found = manifest.entries.get(os.path.normpath(require_path(path)))
    if isinstance(found, Buildable):
        return FileContent(manifest.session, filename=found.name, origin=found)
    return found


def _install(manifest: FileManifest, caller: Caller, path: str, replace: bool = True) -> None:
    del replace
    caller.spend(_ENTRY * len(manifest.entries))
    session = manifest.session
    # As in PyOxidizer, below the folder that is built in.
    folder = (session.build_path or session.folder / "build") / require_path(path)
    copy = FileManifest(session)
    copy.entries = dict(manifest.entries)
    session.written.append((folder, copy))


def _paths(manifest: FileManifest, caller: Caller) -> list[str]:
    caller.spend(_ENTRY * len(manifest.entries))
    return sorted(manifest.entries)


def _remove(manifest: FileManifest, caller: Caller, path: str) -> FileContent | None:
    found = _get_file(manifest, caller, path)
    manifest.entries.pop(os.path.normpath(path), None)
    return found


class FileManifest(ApiObject):
    """Files by their paths; an executable in it is built."""

    rows: ClassVar[dict[str, Row]] = {
        "add_manifest": Method(
            does="the files are written beside the executable",
            test=_FILES,
            function=_add_manifest,
        ),
        "add_file": Method(
            does="the file is written beside the executable", test=_FILES, function=_add_file
        ),
        "add_path": Method(
            does="the file is written beside the executable", test=_FILES, function=_add_path
        ),
        "add_python_resource": Method(
            does="an executable is built to this path; other resources are written as files",
            test=_EXECUTABLES,
            function=_add_python_resource,
        ),
        "add_python_resources": Method(
            does="the resources are written as files",
            test=_FILES,
            function=_add_python_resources,
        ),
        "build": Method(
            does=f"no effect: {Because.OUTPUT}",
            because=Because.OUTPUT,
            test="test_building_in_a_configuration_has_no_effect",
            function=_build,
        ),
        "get_file": Method(does="the content of a file", test=_FILES, function=_get_file),
        "install": Method(
            does="the files are written to this directory as well; what else is there stays",
            test="test_a_manifest_is_installed_as_well",
            function=_install,
        ),
        "paths": Method(does="the paths, sorted", test=_FILES, function=_paths),
        "remove": Method(does="the file is not written", test=_FILES, function=_remove),
    }
    host_type = host_type("FileManifest", rows)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.entries: dict[str, FileContent | Buildable] = {}

    def add(self, path: str, content: FileContent | Buildable) -> None:
        """Add a file, in place of one of the same path."""
        if isinstance(content, FileContent) and isinstance(content.origin, Buildable):
            content = content.origin
        self.entries[entry_path(path)] = content

    def add_path(self, path: str, strip_prefix: str) -> None:
        """Add a file of the disk under its path without the prefix."""
        place = os.path.normpath(self.session.place(path))
        prefix = os.path.normpath(self.session.place(strip_prefix))
        if not Path(place).is_relative_to(prefix):
            message = f"`{path}` does not start with the prefix `{strip_prefix}`"
            raise ConfigError(message)
        self.add(os.path.relpath(place, prefix), content_of(self.session, Path(place)))

    def add_resource(self, prefix: str, value: Resource | Buildable) -> None:
        """Add an executable, or the file of another resource."""
        if isinstance(value, Buildable):
            self.add(os.path.join(prefix, value.name), value)  # noqa: PTH118
            return
        found = value.found
        name = found.path.rpartition("/")[2]
        text = value.source_text() if value.text is not None else None
        content = FileContent(self.session, filename=name, source=found.place, text=text)
        self.add(os.path.join(prefix, found.path), content)  # noqa: PTH118


class EmbeddedResources(ApiObject):
    """PythonEmbeddedResources: what a Rust program would embed."""

    rows: ClassVar[dict[str, Row]] = {
        "build": Method(
            does=f"no effect: {Because.OUTPUT}",
            because=Because.OUTPUT,
            test="test_building_in_a_configuration_has_no_effect",
            function=_build,
        )
    }
    host_type = host_type("PythonEmbeddedResources", rows)
