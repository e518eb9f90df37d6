"""What was installed, as a lock: each distribution by version and the hash of its archive.

Where that archive is not known, the hashes are those by which it was resolved, or of a lock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import NormalizedName

from obelisk.collect.installed import Installed, Prefix
from obelisk.components.locks import Archive, release_key
from obelisk.config.recipe import Lock, is_local, without_credentials
from obelisk.services.regular import is_regular, read_regular

_HASH: Final = " --hash="
_SHA256: Final = "sha256"
_DIRECT: Final = "direct_url.json"
"""Where an installer notes an address that something was installed from (PEP 610)."""


def lock_of(
    prefix: Prefix,
    installed: Sequence[Installed],
    lines: Iterable[str],
    archives: Mapping[NormalizedName, tuple[Archive, ...]],
) -> Lock:
    """Return the lock of what is installed.

    `lines` are those that it was installed by, `archives` what of an index it is from.
    """
    hashes = _by_version(lines)
    found: list[str] = []
    unknown: list[str] = []
    local: list[str] = []
    origins: dict[str, str] = {}
    for one in installed:
        name, exact = one.key, f"{one.key}=={one.package.version}"
        direct = direct_url(prefix, one)
        known = archives.get(name, ())
        digests = [f"{_SHA256}:{archive.sha256}" for archive in known]
        digests = digests or hashes.get(release_key(name, one.package.version), [])
        if direct is not None:
            line = _of_address(name, direct)
            (local if line is None else found).append(line or name)
        elif digests:
            found.append(_line(exact, digests))
        else:
            unknown.append(exact)
        if direct is None and len(known) == 1 and known[0].url is not None:
            origins[name] = known[0].url
    return Lock(
        lines=tuple(sorted(found)),
        unhashed=tuple(sorted(unknown)),
        local=tuple(sorted(local)),
        origins=tuple(sorted(origins.items())),
    )


def direct_url(prefix: Prefix, installed: Installed) -> Mapping[str, Any] | None:
    """Return what the installer noted of where a distribution is from, None if from an index."""
    path = prefix.site / installed.info / _DIRECT
    found: Mapping[str, Any] | None = json.loads(read_regular(path)) if is_regular(path) else None
    return found


def _of_address(name: str, direct: Mapping[str, Any]) -> str | None:
    """Return the line of what is installed from an address; None for a path."""
    url = without_credentials(str(direct.get("url", "")))
    if is_local(url):
        return None
    below = f"#subdirectory={direct['subdirectory']}" if direct.get("subdirectory") else ""
    vcs = direct.get("vcs_info")
    if vcs:
        return f"{name} @ {vcs['vcs']}+{url}@{vcs['commit_id']}{below}"
    archive = direct.get("archive_info") or {}
    hashes = archive.get("hashes") or {}
    if not hashes and "=" in str(archive.get("hash", "")):
        kind, _, digest = archive["hash"].partition("=")
        hashes = {kind: digest}
    line = f"{name} @ {url}{below}"
    return _line(line, [f"{kind}:{digest}" for kind, digest in hashes.items()])


def _line(requirement: str, digests: Iterable[str]) -> str:
    return "".join([requirement, *(f"{_HASH}{digest}" for digest in sorted(set(digests)))])


def _by_version(lines: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return the hashes of lines that fix a version, whatever the systems that they are for."""
    return {key: digests for line in lines for key, digests in _parsed(line)}


def _parsed(line: str) -> Iterator[tuple[tuple[str, str], list[str]]]:
    text, *digests = (part.strip() for part in line.split(_HASH))
    try:
        requirement = PackagingRequirement(text)
    except InvalidRequirement:
        return
    for specifier in requirement.specifier:
        if specifier.operator == "==" and digests:
            yield release_key(requirement.name, specifier.version), digests
