"""Where an executable may be written: over a regular file or to a new path, never over an input.

A symbolic link is followed: what it leads to is written. Another name of the same file (a hard
link) keeps what it had, since the executable is a new file that takes the old one's name.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from obelisk.config.application import Assembly, Project, Requirement, Script, WheelFile
from obelisk.config.pyoxidizer.requests import LooseFile
from obelisk.errors import ConfigError, StorageError
from obelisk.plan import Plan
from obelisk.services.atomic import draft_beside, try_folder
from obelisk.services.regular import open_regular

_HINT: Final = "choose another `--output` or `--name`"
_ELF: Final = b"\x7fELF"
_PE: Final = b"MZ"
RELINK_FILE: Final = "relink.json"
"""The file by which a folder of `--relinkable` is known."""


def writable_place(output: Path, plan: Plan, cache: Path) -> Path:
    """Return the path of the file to write, and make its folder.

    Reports immediately, not after minutes of building, what cannot or must not be written.
    """
    _require_file_or_nothing(output)
    with reported(output):
        path = output.resolve()
        _refuse_project_file(path, plan)
        refuse_input(path, inputs_of(plan))
        _refuse_cache(output, path, cache)
        path.parent.mkdir(parents=True, exist_ok=True)
        try_folder(path.parent)
        if plan.relinkable is not None:
            _require_relinkable(plan)
            require_free(plan.relinkable / plan.name)
    # What a person named, unless a link leads elsewhere.
    return path if output.is_symlink() else output


def _require_relinkable(plan: Plan) -> None:
    if plan.target.object_format != "elf":
        message = f"`--relinkable` is not available for {plan.target.triple}"
        hint = "build without it, or for x86_64-unknown-linux-musl"
        raise ConfigError(message, hint=hint)


def result_place(output: Path, inputs: Iterable[Path] = ()) -> Path:
    """Return the path of a file to write for a command, and make its folder.

    Raises `ConfigError` for what is no file or one of the inputs, and `StorageError`.
    """
    _require_file_or_nothing(output)
    with reported(output):
        refuse_input(output, inputs)
        path = output.resolve() if output.is_symlink() else output.absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        try_folder(path.parent)
        return path


def write_result(output: Path, text: str, inputs: Iterable[Path] = ()) -> None:
    """Write what a command made to a file, whole or as it was; raise as `result_place` does."""
    _write(result_place(output, inputs), io.BytesIO(text.encode()), 0o666)


@contextmanager
def reported(output: Path) -> Iterator[None]:
    """Raise `StorageError` for what the system says of a place."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError of pathlib
        reason = error.strerror if isinstance(error, OSError) else "symbolic link loop"
        message = f"cannot write {output}: {reason}"
        raise StorageError(message, hint="choose another `--output`") from error


def check_beside(files: Iterable[LooseFile], folder: Path, project: Path) -> None:
    """Raise `ConfigError` for files that cannot or must not be written below `folder`.

    Their names are those of the project's files, so its own folder is none to write them to.
    """
    for file in files:
        path = folder / file.path
        _require_file_or_nothing(path)
        if path.parent.resolve() == project.resolve():
            message = f"refusing to write {path}: it is in the directory of the configuration"
            raise ConfigError(message, hint="choose another `--output`")
        if file.source is not None:
            refuse_input(path, [file.source])
            _opened(file.source).close()


def write_beside(
    files: Iterable[LooseFile], copies: Mapping[Path, Path], folder: Path
) -> list[Path]:
    """Write files below `folder`, and copies of executables; each is whole or as it was.

    Returns their paths; raises `ConfigError` for what would replace its own source, and
    `StorageError`.
    """
    written = []
    for file in files:
        path, mode = folder / file.path, 0o777 if file.is_executable else 0o666
        if file.source is not None:
            _copy(file.source, path, mode)
        else:
            _write(path, io.BytesIO((file.text or "").encode()), mode)
        written.append(path)
    for path, executable in copies.items():
        _copy(executable, path, 0o777)
        written.append(path)
    return written


def _copy(source: Path, path: Path, mode: int) -> None:
    refuse_input(path, [source])
    with _opened(source) as stream:
        _write(path, stream, mode)


def _opened(source: Path) -> BinaryIO:
    try:
        return open_regular(source)
    except OSError as error:
        message = f"cannot read {source}: {error.strerror}"
        raise ConfigError(message) from error


def _write(path: Path, content: BinaryIO, mode: int) -> None:
    with reported(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with draft_beside(path, mode=mode) as draft, draft.open("wb") as stream:
        shutil.copyfileobj(content, stream)


def refuse_input(output: Path, inputs: Iterable[Path]) -> None:
    """Raise `ConfigError` when `output` is, by whatever name, a file that the build reads."""
    if not output.exists():
        return
    found = output.stat()
    for path in inputs:
        try:
            same = os.path.samestat(found, path.stat())
        except OSError:
            continue
        if same:
            message = f"refusing to overwrite {output}: it is an input: {path}"
            raise ConfigError(message, hint=_HINT)


def inputs_of(plan: Plan) -> Iterator[Path]:
    """Yield the files that a plan names; of a project, `_refuse_project_file` knows the rest."""
    match plan.application:
        case Script() | WheelFile():
            yield plan.application.path
        case Project():
            yield plan.application.folder / "pyproject.toml"
        case Requirement() | Assembly():
            pass
    if plan.lock is not None:
        yield plan.lock
    yield from plan.requirement_files


def _refuse_project_file(path: Path, plan: Plan) -> None:
    """Raise `ConfigError` for a file of the project or of libraries' folders, but an executable.

    Only a project's backend knows which of its files it reads.
    """
    folders = [plan.folder / name for name in plan.settings.build_packages if "/" in name]
    if isinstance(plan.application, Project | Assembly):
        folders.append(plan.application.folder)
    if not path.exists() or not any(path.is_relative_to(folder.resolve()) for folder in folders):
        return
    with path.open("rb") as stream:
        head = stream.read(len(_ELF))
    if head not in (b"", _ELF) and not head.startswith(_PE):
        message = (
            f"refusing to overwrite {path}: it belongs to the project and is not an executable"
        )
        raise ConfigError(message, hint=_HINT)


def _refuse_cache(output: Path, path: Path, cache: Path) -> None:
    if path.is_relative_to(cache.resolve()):
        message = f"refusing to write {output}: it is inside the cache directory"
        raise ConfigError(message, hint=_HINT)


def _require_file_or_nothing(output: Path) -> None:
    try:
        mode = output.stat().st_mode
    except OSError:
        return  # nothing, or nothing that can be reached: which of them comes out below
    if stat.S_ISDIR(mode):
        message = f"{output} is a directory"
        raise ConfigError(message, hint=_HINT)
    if not stat.S_ISREG(mode):
        message = f"refusing to overwrite {output}: not a regular file"
        raise ConfigError(message, hint=_HINT)


def require_free(folder: Path) -> None:
    """Raise `ConfigError` unless `folder` is nothing, empty, or an older one of `--relinkable`."""
    if not os.path.lexists(folder):
        return
    if folder.is_dir() and not folder.is_symlink():
        names = [path.name for path in folder.iterdir()]
        if not names or RELINK_FILE in names:
            return
    message = f"refusing to replace {folder}: it was not written by `--relinkable`"
    raise ConfigError(message, hint="choose another directory")
