"""Distribution archives: writing ours, reading ours and python-build-standalone's."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

from obelisk.errors import SourceError
from obelisk.services.safe_tar import extract_safely

_LEVEL: Final = 9
_KNOWN_FORMATS: Final = ("7", "8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A library that an extension module is linked with."""

    name: str
    path_static: str | None
    system: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionModule:
    """One extension module of a distribution."""

    name: str
    in_core: bool
    objects: tuple[str, ...]
    links: tuple[Link, ...]
    licenses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What PYTHON.json says, as far as Obelisk uses it."""

    target_triple: str
    python_version: str
    build_options: str
    static_library: str | None
    python_exe: str
    stdlib: str
    magic_number: str
    extensions: tuple[ExtensionModule, ...]
    licenses: tuple[str, ...]
    sources: tuple[tuple[str, str, str], ...]
    """(name, version, licence) of each source in it; only our own archives say so."""


def write_archive(python: Path, archive: Path) -> None:
    """Pack the folder `python` as a `tar.zst` whose bytes depend on nothing but its content."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, threads=-1)
    with (
        archive.open("wb") as raw,
        compressor.stream_writer(raw) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(python.rglob("*")):
            if path.is_file():
                _add(tar, path, f"python/{path.relative_to(python).as_posix()}")


def extract_archive(archive: Path, into: Path) -> None:
    """Unpack a distribution archive; members that would land elsewhere are refused (PEP 706)."""
    with _opened(archive) as tar:
        extract_safely(tar, into)


def read_description(archive: Path) -> Description:
    """Read PYTHON.json of an archive, or of an unpacked distribution.

    Raises `SourceError` when there is none or it is not understood.
    """
    if archive.is_dir():
        return parse_description((archive / "PYTHON.json").read_bytes(), str(archive))
    with _opened(archive) as tar:
        for member in tar:
            if member.name == "python/PYTHON.json":
                stream = tar.extractfile(member)
                return parse_description(stream.read() if stream else b"", str(archive))
    message = f"{archive} is not a distribution: no python/PYTHON.json in it"
    raise SourceError(message, hint="`install_only` archives do not contain it; use a `full` one")


def parse_description(data: bytes, where: str) -> Description:
    """Parse the bytes of a PYTHON.json; raise `SourceError` when they are not one."""
    try:
        return _parse(json.loads(data))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"invalid PYTHON.json in {where}: {type(error).__name__}: {error}"
        raise SourceError(message) from error


def _parse(table: dict[str, Any]) -> Description:
    if table["version"] not in _KNOWN_FORMATS:
        message = f"format version {table['version']!r} is not {' or '.join(_KNOWN_FORMATS)}"
        raise ValueError(message)
    info = table["build_info"]
    extensions = info["extensions"]
    return Description(
        target_triple=str(table["target_triple"]),
        python_version=str(table["python_version"]),
        build_options=str(table.get("build_options") or table.get("optimizations", "")),
        static_library=info["core"].get("static_lib"),
        python_exe=str(table["python_exe"]),
        stdlib=str(table["python_paths"]["stdlib"]),
        magic_number=str(table["python_bytecode_magic_number"]),
        extensions=tuple(_parse_extension(name, extensions[name]) for name in sorted(extensions)),
        licenses=tuple(map(str, table.get("licenses") or ())),
        sources=tuple(
            (str(row["name"]), str(row["version"]), str(row["license"]))
            for row in table.get("obelisk_sources", ())
        ),
    )


def _parse_extension(name: str, variants: list[dict[str, Any]]) -> ExtensionModule:
    first = variants[0]
    return ExtensionModule(
        name=name,
        in_core=bool(first["in_core"]),
        objects=tuple(map(str, first["objs"])),
        links=tuple(
            Link(
                name=str(link["name"]),
                path_static=link.get("path_static"),
                system=bool(link.get("system", False)),
            )
            for link in first["links"]
        ),
        licenses=tuple(map(str, first.get("licenses") or ())),
    )


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with (
            archive.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as plain,
            tarfile.open(fileobj=plain, mode="r|") as tar,
        ):
            yield tar
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        message = f"invalid tar.zst archive {archive}: {error}"
        raise SourceError(message) from error
    except OSError as error:
        message = f"cannot read {archive}: {error.strerror or error}"
        raise SourceError(message) from error


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.size = path.stat().st_size
    info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
    with path.open("rb") as stream:
        tar.addfile(info, stream)
