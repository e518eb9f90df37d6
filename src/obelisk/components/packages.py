"""Distributions of Python as components: what their metadata says, and which needs which."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL
from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from obelisk.components.declared import without_credentials
from obelisk.components.license import license_of
from obelisk.components.locks import Archive
from obelisk.model import Package
from obelisk.target import Target

_LICENSES: Final = ("licen", "copying", "notice", "copyright", "authors")
"""How names of license files begin, in any case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """What an installed distribution says of itself."""

    package: Package
    requires: tuple[Requirement, ...] = ()
    license: str | None = None
    license_from: str | None = None
    license_files: tuple[tuple[str, Path], ...] = ()
    """Their names below `*.dist-info`, and where they are on disk."""
    documents: tuple[Path, ...] = ()
    """Its bills of materials (PEP 770)."""
    sha256: str | None = None
    origin: str | None = None
    copies: tuple[Described, ...] = ()
    """Distributions that it carries copies of, as `setuptools/_vendor` does."""

    @property
    def key(self) -> NormalizedName:
        """The canonical name."""
        return canonicalize_name(self.package.name)

    @property
    def purl(self) -> str:
        """Its package URL."""
        return PackageURL("pypi", name=self.key, version=self.package.version).to_string()


def describe(package: Package, archive: Archive | None, warn: Callable[[str], None]) -> Described:
    """Read the metadata of an installed distribution; what is wrong with it is a warning.

    `archive` is the one of an index that it was installed from, if that is known.
    """
    info = package.info
    if info is None or not info.is_dir():
        return Described(package=package)
    metadata, _ = parse_email(_text(info / "METADATA"))
    files = tuple(_license_files(info, metadata))
    told, source = license_of(metadata, {name: _text(path) for name, path in files})
    sha256, origin = _direct(info / "direct_url.json")
    folder = info / "sboms"
    return Described(
        package=package,
        requires=tuple(_requirements(package.name, metadata, warn)),
        license=told,
        license_from=source,
        license_files=files,
        documents=tuple(sorted(path for path in folder.rglob("*") if path.is_file())),
        sha256=sha256 or (archive.sha256 if archive else None),
        origin=origin or (archive.url if archive else None),
    )


def describe_copy(info: Path, warn: Callable[[str], None]) -> Described | None:
    """Read the metadata of a distribution that lies inside another; None if it has no name."""
    metadata, _ = parse_email(_text(info / "METADATA"))
    name, version = metadata.get("name"), metadata.get("version")
    if not name or not version:
        return None
    return describe(Package(name=name, version=version, commands=(), info=info), None, warn)


def environment(target: Target, python: str) -> dict[str, str]:
    """Return what environment markers are evaluated with, for a version such as `3.14.6`."""
    is_windows = target.system == "windows"
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "nt" if is_windows else "posix",
        "platform_machine": "AMD64" if is_windows else target.architecture,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Windows" if is_windows else "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "win32" if is_windows else "linux",
    }


def needs_of(
    packages: Sequence[Described], marker_environment: Mapping[str, str]
) -> dict[NormalizedName, set[NormalizedName]]:
    """Return which of the packages each of them needs.

    Extras hold where another package asks for them. One that then nothing needs, but that extras
    of others name, was asked for by the application, by such an extra.
    """
    extras: dict[NormalizedName, set[str]] = {one.key: set() for one in packages}
    needs: dict[NormalizedName, set[NormalizedName]] = {one.key: set() for one in packages}
    changed = True
    while changed:
        changed = False
        for one in packages:
            for requirement in _holding(one, marker_environment, {"", *extras[one.key]}):
                key = canonicalize_name(requirement.name)
                if key not in needs or key == one.key:
                    continue
                needs[one.key].add(key)
                if not extras[key].issuperset(requirement.extras):
                    extras[key] |= requirement.extras
                    changed = True
    needed = set().union(*needs.values()) if needs else set()
    for one in packages:
        for requirement in one.requires:
            key = canonicalize_name(requirement.name)
            if key in needs and key not in needed and key != one.key:
                needs[one.key].add(key)
    return needs


def _holding(
    one: Described, marker_environment: Mapping[str, str], extras: Iterable[str]
) -> Iterator[Requirement]:
    for requirement in one.requires:
        if requirement.marker is None or any(
            requirement.marker.evaluate({**marker_environment, "extra": extra}) for extra in extras
        ):
            yield requirement


def _requirements(
    name: str, metadata: RawMetadata, warn: Callable[[str], None]
) -> Iterator[Requirement]:
    for line in metadata.get("requires_dist", ()):
        try:
            yield Requirement(line)
        except InvalidRequirement as error:
            warn(f"`{name}` has an invalid `Requires-Dist`, left out of its needs: {error}")


def _license_files(info: Path, metadata: RawMetadata) -> Iterator[tuple[str, Path]]:
    """Yield the license files: those in `licenses/` (PEP 639), and those of older wheels."""
    named = [Path(name).as_posix() for name in metadata.get("license_files", ())]
    places = [path for path in sorted((info / "licenses").rglob("*")) if path.is_file()]
    places += [info / name for name in named if ".." not in Path(name).parts]
    places += [path for path in sorted(info.iterdir()) if path.name.lower().startswith(_LICENSES)]
    for path in dict.fromkeys(path for path in places if path.is_file()):
        yield path.relative_to(info).as_posix(), path


def _direct(path: Path) -> tuple[str | None, str | None]:
    """Return hash and address of what was not installed from an index (PEP 610)."""
    try:
        table: dict[str, Any] = json.loads(_text(path) or "{}")
        url = without_credentials(str(table.get("url", "")))
        archive = table.get("archive_info") or {}
        digest = (archive.get("hashes") or {}).get("sha256")
        digest = digest or str(archive.get("hash", "")).removeprefix("sha256=") or None
        vcs = table.get("vcs_info") or {}
        commit = str(vcs.get("commit_id", ""))
    except (AttributeError, ValueError):
        return None, None
    # What lies on this machine has no address for anybody else.
    if not url.startswith(("https:", "http:", "ssh:", "git:")):
        return digest, None
    return digest, f"{vcs.get('vcs', 'git')}+{url}@{commit}" if commit else url


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
