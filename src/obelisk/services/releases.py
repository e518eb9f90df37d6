"""Newer releases of pinned sources: in Debian's index of sources, and in upstream's listings.

What is found is a candidate for people to look at, and nothing uses it by itself.
"""

from __future__ import annotations

import hashlib
import html
import lzma
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin

from obelisk.services.fetch import (
    UnreachableError,
    debian_mirrors,
    download_by_apt,
    download_url,
)
from obelisk.services.pins import Origin, Pin
from obelisk.services.versions import series, sort_key

_SUITES: Final = ("unstable", "testing", "stable")
_ORIG: Final = re.compile(r"_(?P<version>[^_]+)\.orig\.tar\.\w+$")
_REPACKED: Final = re.compile(r"^.*\+really|[+.~](?:dfsg|ds|repack)\d*(?:\.\d+)?(?=$|\+)")
_LINK: Final = re.compile(r"""href=["']?([^"' >]+)""", re.IGNORECASE)
_GITHUB: Final = re.compile(r"(https://github\.com/[^/]+/[^/]+/releases)/download/")
_RELEASE: Final = r"(?P<version>\d\w*(?:\.\d\w*)*)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release that is newer than a pin."""

    pinned: Pin
    version: str
    origin: Origin
    """Its `sha256` is empty, and its `size` None, as long as nobody downloaded it."""
    found: str
    """Where it was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a search found, and what it could not reach."""

    releases: tuple[Release, ...]
    unreached: tuple[tuple[str, str], ...]
    """(place, reason)."""


def newer_releases(pins: Iterable[Pin]) -> Checked:
    """Look for newer releases of pins, of each the newest of its series and of all."""
    pins = list(pins)
    found: list[Release] = []
    unreached: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for place, search in _searches(pins, Path(folder)):
            try:
                found += search()
            except (UnreachableError, lzma.LZMAError, EOFError) as error:
                unreached.append((place, str(error)))
    kept = [one for pinned in pins for one in _newest(pinned, found)]
    return Checked(releases=tuple(kept), unreached=tuple(unreached))


def hashed(release: Release) -> Release:
    """Return a release with its hash and size; download it if they are not known.

    Raises `UnreachableError`.
    """
    if release.origin.sha256 or release.origin.url is None:
        return release
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "archive")
        download_url(release.origin.url, path)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        origin = replace(release.origin, sha256=digest, size=path.stat().st_size)
    return replace(release, origin=origin)


def table_of(release: Release, prefix: str = "") -> str:
    """Return a release as a table of TOML, as `[tool.obelisk.pins]` and `--pins` have it."""
    name = release.pinned.name
    shown = f'"{name}"' if "." in name else name
    origin = release.origin
    kind, place = ("url", origin.url) if origin.url else ("debian", origin.debian)
    return (
        f'[{prefix}{shown}]\nversion = "{release.version}"\n{kind} = "{place}"\n'
        f'sha256 = "{origin.sha256}"\nsize = {origin.size}\n'
    )


def _searches(pins: list[Pin], folder: Path) -> Iterator[tuple[str, Callable[[], list[Release]]]]:
    """Yield each place to look in, and how."""
    sources = {_source(origin): pinned for pinned in pins for origin in _of_debian(pinned)}
    mirrors = debian_mirrors() if sources else []
    if sources and not mirrors:
        yield "Debian", _no_mirror
    for mirror in mirrors:
        for suite in _SUITES:
            index = f"{mirror}dists/{suite}/main/source/Sources.xz"
            path = folder / f"{len(list(folder.iterdir()))}-{suite}"
            yield index, lambda i=index, p=path, s=suite: _in_index(i, p, s, sources)  # type: ignore[misc]
    for pinned in pins:
        for origin in pinned.origins:
            if origin.url is not None:
                page = listing(origin.url, pinned.version)
                if page is not None:
                    place = folder / "page"
                    yield page[0], lambda o=origin, p=pinned, f=place: _in_listing(p, o, f)  # type: ignore[misc]


def _no_mirror() -> list[Release]:
    reason = "apt is configured with no Debian mirror"
    raise UnreachableError(reason)


def _of_debian(pinned: Pin) -> list[Origin]:
    return [origin for origin in pinned.origins if origin.debian is not None]


def _source(origin: Origin) -> str:
    """Return the name of a source package: `openssl` of `o/openssl/openssl_3.5.7.orig.tar.gz`."""
    return PurePosixPath(origin.debian or "").parent.name


def _in_index(index: str, path: Path, suite: str, sources: Mapping[str, Pin]) -> list[Release]:
    download_by_apt(index, path)
    found: list[Release] = []
    with lzma.open(path, "rt", encoding="utf-8", errors="replace") as text:
        for paragraph in _paragraphs(text):
            pinned = sources.get(paragraph.get("Package", ""))
            if pinned is not None:
                found += _of_paragraph(pinned, paragraph, f"Debian {suite}")
    return found


def _paragraphs(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the paragraphs of an index, as Debian's policy has them."""
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif line[0] in " \t":
            fields[name] = f"{fields.get(name, '')}\n{line.strip()}"
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def _of_paragraph(pinned: Pin, paragraph: Mapping[str, str], found: str) -> Iterator[Release]:
    for line in paragraph.get("Checksums-Sha256", "").splitlines():
        digest, size, name = [*line.split(), "", "", ""][:3]
        orig = _ORIG.search(name)
        if orig is None or not name.startswith(f"{paragraph['Package']}_"):
            continue
        folder = paragraph.get("Directory", "").removeprefix("pool/main/")
        place = f"{folder}/{name}"
        origin = Origin(url=None, debian=place, sha256=digest, size=int(size))
        version = _version(pinned, orig["version"])
        yield Release(pinned=pinned, version=version, origin=origin, found=found)


def _version(pinned: Pin, debian: str) -> str:
    """Return what a pin calls the version that Debian calls so."""
    for origin in _of_debian(pinned):
        old = _ORIG.search(origin.filename)
        if old is None:
            continue
        if _upstream(old["version"]) == pinned.version:
            return _upstream(debian)
        if _upstream(old["version"]) in pinned.version:
            return pinned.version.replace(_upstream(old["version"]), _upstream(debian))
    return debian


def _upstream(debian: str) -> str:
    return _REPACKED.sub("", debian)


def listing(url: str, version: str) -> tuple[str, re.Pattern[str]] | None:
    """Return the page that lists what an archive's address has neighbours of, and their pattern.

    None where the address does not name the version.
    """
    github = _GITHUB.match(url)
    rest = url[github.end() :] if github else url
    segment = next((part for part in rest.split("/") if version in part), None)
    if segment is None:
        return None
    page = github[1] if github else url[: url.index(f"/{segment}") + 1]
    pattern = re.escape(segment).replace(re.escape(version), _RELEASE)
    return page, re.compile(rf"(?:^|.*/){pattern}/?")


def _in_listing(pinned: Pin, origin: Origin, path: Path) -> list[Release]:
    page = listing(origin.url or "", pinned.version)
    assert page is not None and origin.url is not None  # noqa: S101, PT018 - asked before
    download_url(page[0], path)
    text = path.read_text(encoding="utf-8", errors="replace")
    found: list[Release] = []
    for link in _LINK.findall(text):
        name = page[1].fullmatch(unquote(urljoin(page[0], html.unescape(link))))
        if name is not None:
            url = origin.url.replace(pinned.version, name["version"])
            release = Origin(url=url, debian=None, sha256="", size=None)
            version = name["version"]
            found.append(Release(pinned=pinned, version=version, origin=release, found=page[0]))
    return found


def _newest(pinned: Pin, found: Iterable[Release]) -> list[Release]:
    """Return the newest release of the pin's series, and the newest of all, if they are newer."""
    own = sort_key(pinned.version)
    newer = [one for one in found if one.pinned is pinned and sort_key(one.version) > own]
    if pinned.name.startswith("cpython-"):
        newer = [one for one in newer if series(one.version) == series(pinned.version)]
    # Those whose hash is known come first.
    newer.sort(key=lambda one: (sort_key(one.version), bool(one.origin.sha256)))
    of_series = [one for one in newer if series(one.version) == series(pinned.version)]
    kept = [of_series[-1]] if of_series else []
    return kept + [one for one in newer[-1:] if not kept or one.version != kept[0].version]
