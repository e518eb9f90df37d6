"""What was installed, according to its own metadata: names, versions, commands, files.

Packages are installed below a prefix, as in an environment: modules in its `site-packages`,
commands in its `bin`, data wherever the wheel puts it. The executable has the same layout.
Metadata is other people's text: an error in it names the package.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.metadata import parse_email
from packaging.utils import NormalizedName, canonicalize_name

from obelisk.collect.shebang import is_python_script
from obelisk.config.toml import shown
from obelisk.errors import CollectError
from obelisk.model import COMMANDS, Package, ScriptFile
from obelisk.services.regular import is_regular, read_regular

MACHINE_FACTS: Final = ("direct_url.json", "REQUESTED", "uv_cache.json", "uv_build.json", "RECORD")
"""Files of *.dist-info that differ by machine; RECORD is rewritten without them."""
_FIRST_LINES: Final = 4096
"""Bytes that contain a script's interpreter; programs may be large."""
_BROKEN: Final = "the wheel is invalid; try another version"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """A folder that packages are installed below."""

    root: Path
    site: Path
    """Its `site-packages`."""
    base: str = field(init=False)
    """The same, relative to the root."""

    def __post_init__(self) -> None:
        """Say once what is asked for each file."""
        object.__setattr__(self, "base", self.site.relative_to(self.root).as_posix())

    def place(self, recorded: str) -> str | None:
        """Return the path of a file in a RECORD, relative to the root; None if it is outside."""
        path = posixpath.normpath(posixpath.join(self.base, recorded))
        return None if path == ".." or path.startswith(("../", "/")) else path


def prefix_at(root: Path, python: str) -> Prefix:
    """Return the prefix at that folder for a version of Python, `3.14`."""
    return Prefix(root=root, site=root / f"lib/python{python}/site-packages")


def make_prefix(root: Path, python: str) -> Prefix:
    """Return the prefix at that folder; make its folders."""
    prefix = prefix_at(root, python)
    prefix.site.mkdir(parents=True, exist_ok=True)
    return prefix


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A file of a package, as listed in its RECORD."""

    path: str
    """Relative to `site-packages`."""
    digest: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """An installed package with its files."""

    package: Package
    info: str
    """Name of its `*.dist-info` folder."""
    files: tuple[Recorded, ...]

    @property
    def key(self) -> NormalizedName:
        """The canonical name."""
        return canonicalize_name(self.package.name)


def read_installed(prefix: Prefix) -> list[Installed]:
    """Describe the installed packages, by name; raise `CollectError` for an invalid one."""
    found: dict[str, Installed] = {}
    for info in sorted(prefix.site.glob("*.dist-info")):
        one = _read(info, prefix)
        before = found.setdefault(one.key, one)
        if before is not one:
            message = f"`{one.package.name}` is installed twice: {before.info} and {one.info}"
            raise CollectError(message)
    return [found[key] for key in sorted(found)]


def record_text(prefix: Prefix, installed: Installed, rewritten: Mapping[str, bytes]) -> str:
    """Return the RECORD of a package without the entries of excluded files.

    `rewritten` has the contents of files that changed since the installer wrote them.
    """
    rows = []
    for file in installed.files:
        path = prefix.place(file.path)
        if path is None or _is_machine_fact(path, f"{prefix.base}/{installed.info}"):
            continue
        digest, size = file.digest, file.size
        if path in rewritten:
            digest, size = digest_of(rewritten[path]), str(len(rewritten[path]))
        rows.append((posixpath.relpath(path, prefix.base), digest, size))
    rows.append((f"{installed.info}/RECORD", "", ""))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    return text.getvalue()


def digest_of(data: bytes) -> str:
    """Return a digest in RECORD's format."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _is_machine_fact(path: str, info: str) -> bool:
    folder, _, name = path.rpartition("/")
    return (folder == info and name in MACHINE_FACTS) or "__pycache__" in path.split("/")


def _read(info: Path, prefix: Prefix) -> Installed:
    metadata, _ = parse_email(_bytes(info / "METADATA"))
    name, version = metadata.get("name"), metadata.get("version")
    if not name or not version:
        lacking = "Version" if name else "Name"
        message = f"{info.name}/METADATA has no `{lacking}` field"
        raise CollectError(message, hint=_BROKEN)
    files = tuple(_record(info))
    commands = tuple(_commands(info))
    others = tuple(_other_commands(prefix, files, {command for command, _ in commands}))
    return Installed(
        package=Package(
            name=name,
            version=version,
            commands=commands,
            info=info,
            scripts=tuple(command for command in others if isinstance(command, ScriptFile)),
            programs=tuple(command for command in others if isinstance(command, str)),
        ),
        info=info.name,
        files=files,
    )


def _record(info: Path) -> Iterator[Recorded]:
    path = info / "RECORD"
    if not path.exists():
        return
    try:
        rows = list(csv.reader(io.StringIO(_text(path), newline="")))
    except csv.Error as error:
        message = f"malformed {info.name}/RECORD: {error}"
        raise CollectError(message, hint=_BROKEN) from error
    for row in rows:
        if row and row[0] and "\0" not in row[0]:
            digest, size, *_ = [*row[1:], "", ""]
            yield Recorded(path=row[0], digest=digest, size=size)


def _commands(info: Path) -> list[tuple[str, str]]:
    """Return (command, `module:function`) of the console scripts, sorted."""
    path = info / "entry_points.txt"
    if not path.exists():
        return []
    section, found = "", {}
    for line in map(str.strip, _text(path).splitlines()):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif not equals or not name or not section:
            message = f"malformed line in {info.name}/entry_points.txt: {shown(line)}"
            raise CollectError(message, hint=_BROKEN)
        elif section == "console_scripts":
            # An entry point may name extras, which say nothing of what to call.
            found[name] = value.split("[")[0].strip()
    return sorted(found.items())


def _other_commands(
    prefix: Prefix, files: Sequence[Recorded], commands: set[str]
) -> Iterator[ScriptFile | str]:
    """Yield what a wheel had in its `.data/scripts`: Python scripts, and the names of programs."""
    for file in files:
        folder, _, name = (prefix.place(file.path) or "").rpartition("/")
        if folder != COMMANDS or name in commands:
            continue
        source = prefix.root / COMMANDS / name
        if is_regular(source):
            is_script = is_python_script(_beginning(source))
            yield ScriptFile(name=name, source=source) if is_script else name


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_FIRST_LINES)


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode()
    except UnicodeDecodeError as error:
        message = f"{path.parent.name}/{path.name} is not UTF-8 text: {error}"
        raise CollectError(message, hint=_BROKEN) from error


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        message = f"cannot read {path.parent.name}/{path.name}: {error.strerror}"
        raise CollectError(message, hint=_BROKEN) from error
