"""What was installed, as a lock: each distribution by version and the hashes that fix it.

The hashes are those by which it was resolved, or those of a lock; of the rest, such as what had to
be built before its version was known, the index is asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from obelisk.buildenv.environment import Demand
from obelisk.collect.installed import Installed, Prefix
from obelisk.collect.uv import folder_with_config, run_uv
from obelisk.config.recipe import Lock, is_local, without_credentials
from obelisk.plan import Plan
from obelisk.services.regular import is_regular, read_regular

_HASH: Final = " --hash="
_DIRECT: Final = "direct_url.json"
"""Where an installer notes an address that something was installed from (PEP 610)."""


def lock_of(
    plan: Plan,
    demand: Demand,
    installed: Sequence[tuple[Prefix, Installed]],
    lines: Iterable[str],
    work: Path,
) -> Lock:
    """Return the lock of what is installed; `lines` are those that it was installed by."""
    hashes = _by_version(lines)
    found: list[str] = []
    unknown: list[str] = []
    local: list[str] = []
    for prefix, one in installed:
        name, exact = one.key, f"{one.key}=={one.package.version}"
        direct = direct_url(prefix, one)
        if direct is not None:
            line = _of_address(name, direct)
            (local if line is None else found).append(line or name)
        elif _key(name, one.package.version) in hashes:
            found.append(_line(exact, hashes[_key(name, one.package.version)]))
        else:
            unknown.append(exact)
    asked = _by_version(_asked(plan, demand, unknown, work))
    for exact in unknown:
        digests = asked.get(_key(*exact.split("==")))
        if digests:
            found.append(_line(exact, digests))
    told = {line.partition(" ")[0] for line in found}
    return Lock(
        lines=tuple(sorted(found)),
        unhashed=tuple(sorted(exact for exact in unknown if exact not in told)),
        local=tuple(sorted(local)),
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


def _key(name: str, version: str) -> tuple[str, str]:
    try:
        return canonicalize_name(name), str(Version(version))
    except InvalidVersion:
        return canonicalize_name(name), version


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
            yield _key(requirement.name, specifier.version), digests


def _asked(plan: Plan, demand: Demand, wanted: Sequence[str], work: Path) -> Iterable[str]:
    """Ask the index for the hashes of versions; nothing is built for it."""
    if not wanted:
        return ()
    folder, interpreter = work / "locking", demand.interpreter
    folder.mkdir()
    asking, answer = folder / "wanted.txt", folder / "locked.txt"
    asking.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
    options = [line for line in plan.requirements.lines if line.startswith("--")]
    argv = [
        *("pip", "compile", "--quiet", "--generate-hashes", "--no-annotate", "--no-header"),
        *("--no-deps", "--project", str(folder_with_config(plan.installer, folder))),
        *("--python", str(interpreter.python), *interpreter.options),
        *("--cache-dir", str(interpreter.cache)),
        *("--no-progress", "--output-file", str(answer)),
        *(word for option in options for word in option.split(" ", 1)),
        str(asking),
    ]
    done = run_uv(argv, "resolving", demand.environment(os.environ))
    if done.status != 0 or not answer.exists():
        return ()
    text = answer.read_text(encoding="utf-8")
    return text.replace("\\\n", " ").splitlines()
