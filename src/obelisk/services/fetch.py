"""Downloading pinned archives, and unpacking them safely.

An archive counts only if its bytes have the pinned hash, wherever it came from.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from obelisk.errors import SourceError, ToolError
from obelisk.services.cache import Cache
from obelisk.services.disk import explain, explain_failure, is_full
from obelisk.services.pins import Origin, Pin
from obelisk.services.process import run_captured
from obelisk.services.regular import open_regular
from obelisk.services.safe_tar import extract_safely

ENVIRONMENT: Final = "OBELISK_ARCHIVES"
OLD_ENVIRONMENT: Final = "OBELISK_SOURCES"
"""Its old name, which is still read."""
_TIMEOUT: Final = 20
"""Seconds."""
_CACHED: Final = "archive"
"""Name of an archive in its cache entry: origins with the same bytes have different names."""
_APT_HELPER: Final = Path("/usr/lib/apt/apt-helper")


def fetch(pinned: Pin, cache: Cache, offline: Path | None) -> Path:
    """Return a verified archive of a pin.

    With `offline`, a folder of archives, nothing is downloaded. Raises `SourceError` when no
    origin gives the pinned bytes.
    """
    folder = offline or _environment_folder()
    if folder is not None and not any(o.file and o.file.exists() for o in pinned.origins):
        return _find_in(folder, pinned)
    for origin in pinned.origins:
        found = cache.find("downloads", origin.sha256)
        if found:
            try:
                _check(found / _CACHED, origin, pinned)
            except (SourceError, OSError) as error:
                # An older Obelisk kept no hash of it but the pin's.
                cache.reject("downloads", origin.sha256, str(error))
            else:
                return found / _CACHED
    return _download(pinned, cache)


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a tar archive and return its single top folder.

    Members that would land outside `into`, devices and absolute links are refused (PEP 706).
    """
    into.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            extract_safely(tar, into)
    except (tarfile.TarError, EOFError, OSError) as error:
        full = explain(error, (into,)) if isinstance(error, OSError) else None
        message = f"cannot unpack {archive}: {error}"
        raise full or SourceError(message) from error
    tops = list(into.iterdir())
    if len(tops) != 1:
        message = f"{archive} does not contain exactly one top-level directory"
        raise SourceError(message)
    return tops[0]


def _environment_folder() -> Path | None:
    named = os.environ.get(ENVIRONMENT) or os.environ.get(OLD_ENVIRONMENT)
    return Path(named) if named else None


def _find_in(folder: Path, pinned: Pin) -> Path:
    for origin in pinned.origins:
        path = folder / origin.filename
        if path.is_file():
            _check(path, origin, pinned)
            return path
    names = " or ".join(f"`{origin.filename}`" for origin in pinned.origins)
    message = f"no archive of `{pinned.name}` in {folder}: looked for {names}"
    hint = f"add it, or omit `--archives` and unset {ENVIRONMENT} to download it"
    raise SourceError(message, hint=hint)


def _download(pinned: Pin, cache: Cache) -> Path:
    reasons = []
    for origin in pinned.origins:
        try:
            entry = cache.obtain("downloads", origin.sha256, _filler(origin, pinned))
            return entry / _CACHED
        except UnreachableError as error:
            reasons.append(f"  {origin.shown}: {error}")
    verb = "read" if all(origin.file for origin in pinned.origins) else "download"
    message = f"cannot {verb} `{pinned.name}` {pinned.version}{_whose(pinned)}\n"
    message += "\n".join(reasons)
    hint = "check the network, or pass a directory with the archive by `--archives DIR`"
    raise SourceError(message, hint=hint)


class UnreachableError(Exception):
    """An address does not give what is wanted; another may."""


def _filler(origin: Origin, pinned: Pin) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        path = folder / _CACHED
        if origin.file:
            _copy_file(origin.file, path)
        elif origin.url:
            download_url(origin.url, path)
        else:
            _download_debian(origin, path)
        _check(path, origin, pinned)

    return fill


def _copy_file(file: Path, path: Path) -> None:
    """Copy it first: what is checked is then what is used."""
    try:
        with open_regular(file) as stream, path.open("wb") as out:
            shutil.copyfileobj(stream, out)
    except OSError as error:
        if is_full(error):
            raise
        raise UnreachableError(error.strerror or str(error)) from error


def download_url(url: str, path: Path) -> None:
    """Download a file; raise `UnreachableError`."""
    request = urllib.request.Request(url, headers={"User-Agent": "obelisk"})  # noqa: S310 - pinned
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer, path.open("wb") as out:  # noqa: S310
            shutil.copyfileobj(answer, out)
    except (OSError, urllib.error.URLError, http.client.HTTPException, EOFError) as error:
        if isinstance(error, OSError) and is_full(error):
            raise  # it is not the network that refuses
        raise UnreachableError(str(error)) from error


def _download_debian(origin: Origin, path: Path) -> None:
    """Fetch a file of Debian's pool with apt's own downloader, proxies and all."""
    if not _APT_HELPER.exists():
        reason = "not a Debian system"
        raise UnreachableError(reason)
    last = "no Debian mirror is configured"
    for mirror in debian_mirrors():
        address = f"{mirror}pool/main/{origin.debian}"
        try:
            download_by_apt(address, path, f"SHA256:{origin.sha256}")
        except UnreachableError as error:
            last = str(error)
        else:
            return
    raise UnreachableError(last)


def download_by_apt(address: str, path: Path, *checks: str) -> None:
    """Download a file as apt does, with its proxies; raise `UnreachableError`."""
    argv = [str(_APT_HELPER), "download-file", address, str(path), *checks]
    try:
        done = run_captured(argv, what="downloading")
    except ToolError as error:
        raise UnreachableError(str(error)) from error
    if done.status == 0:
        return
    said = done.stderr.decode(errors="replace").strip().replace("\n", " ")
    full = explain_failure("downloading", done.status, said, (path.parent,))
    raise full or UnreachableError(said)


def debian_mirrors() -> list[str]:
    """Return the addresses of the Debian mirrors that apt is configured with."""
    argv = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    done = run_captured(argv, what="listing apt mirrors")
    return sorted({line for line in done.stdout.decode().split() if line.endswith("/debian/")})


def _check(path: Path, origin: Origin, pinned: Pin) -> None:
    size = path.stat().st_size
    if size != (origin.size or size):
        wrong = f"{size} bytes, expected {origin.size}"
        message = f"size mismatch for `{pinned.name}` ({origin.filename}): {wrong}"
        raise SourceError(
            message, hint="the download was truncated or the file replaced; try again"
        )
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != origin.sha256:
        message = (
            f"hash mismatch for `{pinned.name}` ({origin.filename}){_whose(pinned)}\n"
            f"  expected: {origin.sha256}\n  computed: {found}"
        )
        raise SourceError(message, hint="do not use this file; check where it came from")


def _whose(pinned: Pin) -> str:
    return f", pinned by {pinned.own}" if pinned.own else ""
