"""Which archives installed distributions are from: a lock tells, or the index is asked.

The index is asked once, after installing, and its answer is kept with what was installed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from obelisk.buildenv.environment import Demand
from obelisk.collect.installed import Installed, Prefix
from obelisk.collect.locked import direct_url
from obelisk.collect.uv import folder_with_config, run_uv
from obelisk.components.locks import (
    Archive,
    Archives,
    installed_from,
    locked_archives,
    public_only,
    release_key,
)
from obelisk.plan import Plan
from obelisk.services.regular import is_regular

_ALL: Final = ":all:"

Candidates = Mapping[NormalizedName, tuple[Archive, ...]]
"""By the name of a distribution: its archive, or those of which it is one; none if the index did
not answer."""


def archives_of(
    plan: Plan,
    demand: Demand,
    prefix: Prefix,
    installed: Sequence[Installed],
    work: Path,
    kept: Candidates | None = None,
) -> Candidates:
    """Return the archives of what was installed from files, or from an index.

    That one is asked, unless it was before.
    """
    from_index = {
        release_key(one.key, one.package.version): one
        for one in installed
        if direct_url(prefix, one) is None
    }
    known = dict(_known(plan))
    unknown = [key for key in from_index if key not in known]
    if kept is None:
        known |= _asked(plan, demand, unknown, work)
    else:
        known |= public_only({key: kept[key[0]] for key in unknown if key[0] in kept})
    found = {
        name: _narrowed(known[name, version], plan, prefix, one)
        for (name, version), one in from_index.items()
        if (name, version) in known
    }
    return found | dict(_of_files(prefix, installed))


def _of_files(
    prefix: Prefix, installed: Sequence[Installed]
) -> Iterator[tuple[NormalizedName, tuple[Archive, ...]]]:
    """Yield the archives of what was installed from a file here: nobody else has its address."""
    for one in installed:
        direct = direct_url(prefix, one) or {}
        url = urlsplit(str(direct.get("url", "")))
        path = Path(unquote(url.path))
        if url.scheme == "file" and "archive_info" in direct and is_regular(path):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            yield one.key, (Archive(file=path.name, sha256=digest, url=None),)


def _known(plan: Plan) -> Archives:
    """Return what is known without asking: of a recipe, or else of a lock."""
    if plan.fixed is None:
        return locked_archives(plan.lock)
    return {release_key(one.name, one.version): (one.archive,) for one in plan.archives}


def _narrowed(
    archives: tuple[Archive, ...], plan: Plan, prefix: Prefix, one: Installed
) -> tuple[Archive, ...]:
    chosen = plan.settings.no_binary
    is_built = _ALL in chosen or one.key in {canonicalize_name(name) for name in chosen}
    if len(archives) == 1:
        return archives
    wheel = prefix.site / one.info / "WHEEL"
    text = wheel.read_text(encoding="utf-8", errors="replace") if wheel.is_file() else ""
    found = installed_from(archives, text, is_built=is_built)
    return archives if found is None else (found,)


def _asked(
    plan: Plan, demand: Demand, wanted: Sequence[tuple[NormalizedName, str]], work: Path
) -> Archives:
    """Ask the index for the archives of versions, all at once, or each where that fails."""
    if not wanted:
        return {}
    found = _answer(plan, demand, wanted, work / "archives")
    if found is not None:
        return found
    if len(wanted) == 1:
        return {wanted[0]: ()}
    answers: dict[tuple[NormalizedName, str], tuple[Archive, ...]] = {}
    for number, one in enumerate(wanted):
        answer = _answer(plan, demand, [one], work / f"archives-{number}")
        answers.update({one: ()} if answer is None else answer)
    return answers


def _answer(
    plan: Plan, demand: Demand, wanted: Sequence[tuple[NormalizedName, str]], folder: Path
) -> Archives | None:
    """Return what the index says of versions; None if uv gets no answer. Nothing is built."""
    interpreter = demand.interpreter
    folder.mkdir()
    asking, answer = folder / "wanted.txt", folder / "pylock.toml"
    lines = sorted(f"{name}=={version}\n" for name, version in wanted)
    asking.write_text("".join(lines), encoding="utf-8")
    options = [line for line in plan.requirements.lines if line.startswith("--")]
    argv = [
        *("pip", "compile", "--quiet", "--format", "pylock.toml", "--no-header", "--no-deps"),
        *("--project", str(folder_with_config(plan.installer, folder))),
        *("--python", str(interpreter.python), *interpreter.options),
        *("--cache-dir", str(interpreter.cache)),
        *("--no-progress", "--output-file", str(answer)),
        *(f"--no-binary={name}" for name in plan.settings.no_binary),
        *(word for option in options for word in option.split(" ", 1)),
        str(asking),
    ]
    done = run_uv(argv, "looking up hashes", demand.environment(os.environ))
    if done.status != 0 or not answer.exists():
        return None
    return public_only(locked_archives(answer))
