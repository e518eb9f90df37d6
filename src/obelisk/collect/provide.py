"""Having installed what a plan names: as it lies in the cache, or by uv.

What is fixed by hashes is installed once and read in place from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from obelisk.buildenv.environment import Demand, obtain_interpreter
from obelisk.collect.archives import Candidates, archives_of
from obelisk.collect.asked import Asked, read_asked
from obelisk.collect.entry import require_choice
from obelisk.collect.install import forget, install, install_first, new_prefix
from obelisk.collect.installed import Installed, Prefix, read_installed
from obelisk.collect.intact import ALGORITHM, differing
from obelisk.collect.kept import Kept, find_kept, keep
from obelisk.collect.locked import direct_url, lock_of
from obelisk.collect.outdated import outdated
from obelisk.collect.resolve import Resolution, resolve
from obelisk.collect.uncompiled import uncompiled
from obelisk.components.locks import Archive
from obelisk.config.pylock import lines_of
from obelisk.config.recipe import Lock
from obelisk.config.requirements import Requirements
from obelisk.distribution.distribution import Distribution
from obelisk.distribution.versions import major_minor
from obelisk.model import ConsoleScript, Module
from obelisk.plan import Plan
from obelisk.services.services import Services


@dataclass(frozen=True, kw_only=True, slots=True)
class Provided:
    """What is installed."""

    prefix: Prefix
    installed: list[Installed]
    intact: bool
    """Whether its files are what their RECORDs say."""
    uncompiled: tuple[tuple[str, str], ...] = ()
    """(name, version) of packages that are pure Python here and compiled elsewhere."""
    own: frozenset[str] = frozenset()
    """Paths below the prefix of files that are of no distribution, or of one in a folder."""
    lock: Lock = field(default_factory=Lock)
    """What fixes all that is installed."""
    archives: Candidates = field(default_factory=dict)
    """What distributions of an index are from."""

    @property
    def known_archives(self) -> dict[NormalizedName, Archive]:
        """Those of which there is no doubt."""
        return {name: found[0] for name, found in self.archives.items() if len(found) == 1}

    def recorded(self, modules: Iterable[Module]) -> list[Module]:
        """Return modules with what the RECORDs say of them, where that is known to be true."""
        known = {
            self.prefix.place(file.path): (one.package.name, file.digest)
            for one in (self.installed if self.intact else ())
            for file in one.files
            if file.digest.startswith(ALGORITHM)  # others were not compared
        }
        return [
            replace(module, package=known[module.path][0], digest=known[module.path][1])
            if module.path in known
            else module
            for module in modules
        ]


def provide(plan: Plan, services: Services, distribution: Distribution, work: Path) -> Provided:
    """Return what the plan names, installed; `work` is a folder for what is not in the cache.

    Raises `CollectError` when something does not resolve, build or match its hash.
    """
    if plan.lock and (changed := outdated(plan.lock, plan.application)):
        names = ", ".join(f"`{name}`" for name in changed)
        message = f"{plan.lock} does not match the dependencies, which changed since: {names}"
        services.console.warn(f"{message}; to update it, run `uv lock`")
    if plan.fixed is not None:  # it has what they came to
        plan = replace(plan, requirements=Requirements())
    asked = read_asked(plan, work)
    if asked.is_nothing and plan.requirements == Requirements():
        return Provided(prefix=new_prefix(plan, work), installed=[], intact=True)
    interpreter = obtain_interpreter(services, distribution, plan.build_packages, work)
    demand = Demand(interpreter, work)
    resolution = resolve(plan, demand, asked, work)
    provided = _provided(plan, demand, asked, resolution, work)
    lines = [*_locked_lines(asked), *(resolution.lines if resolution else ())]
    lock = lock_of(provided.prefix, provided.installed, lines, provided.archives)
    return replace(provided, lock=lock)


def _provided(
    plan: Plan, demand: Demand, asked: Asked, resolution: Resolution | None, work: Path
) -> Provided:
    interpreter = demand.interpreter
    kept = _find(plan, demand, resolution, work)
    if kept is not None and asked.is_fixed:
        return kept
    if asked.on_top or not demand.is_met():  # a project is built each time
        demand.meet()
    if kept is None:
        _require_choice(plan, demand, resolution, work)
    provided = _installed(plan, demand, asked, work, kept.prefix if kept else None)
    if kept is not None:
        return replace(provided, uncompiled=kept.uncompiled, archives=kept.archives)
    found = uncompiled(plan, interpreter, provided.prefix, provided.installed, work)
    archives = archives_of(plan, demand, provided.prefix, provided.installed, work)
    provided = replace(provided, uncompiled=found, archives=archives)
    if resolution is None or not provided.intact or () in provided.archives.values():
        return provided
    _keep(plan, interpreter.services, resolution, provided)
    return (_find(plan, demand, resolution, work) if asked.is_fixed else None) or provided


def _locked_lines(asked: Asked) -> Iterator[str]:
    if asked.locked is not None:
        yield from asked.locked.lines
        for lock in asked.locked.locks:
            yield from lines_of(lock)


def _require_choice(plan: Plan, demand: Demand, resolution: Resolution | None, work: Path) -> None:
    """Raise `ConfigError` for commands nobody chose from before all that is needed is installed.

    The package itself is, and what follows finds it there: so not where requirement files have
    hashes, or name another index, which only the whole installation obeys.
    """
    entry, versions = plan.entry, resolution.versions if resolution else None
    if not isinstance(entry, ConsoleScript) or entry.command or not versions or len(versions) == 1:
        return
    if any("--" in line for line in (*plan.requirements.lines, *plan.requirements.constraints)):
        return
    name = canonicalize_name(entry.package)
    if versions.get(name) is None:
        return
    prefix = install_first(plan, demand, f"{name}=={versions[name]}", work)
    for package in read_installed(prefix):
        require_choice(entry, package.package)


def _find(plan: Plan, demand: Demand, resolution: Resolution | None, work: Path) -> Provided | None:
    cache = demand.interpreter.services.cache
    python = major_minor(plan.python.version)
    kept = find_kept(cache, resolution.key, python) if resolution else None
    if kept is None:
        return None
    installed = read_installed(kept.prefix)
    return Provided(
        prefix=kept.prefix,
        installed=installed,
        intact=True,
        uncompiled=kept.uncompiled,
        archives=archives_of(plan, demand, kept.prefix, installed, work, kept.archives),
    )


def _installed(
    plan: Plan, demand: Demand, asked: Asked, work: Path, kept: Prefix | None
) -> Provided:
    """Install, and once more what was changed in the installer's cache since it was unpacked."""
    prefix = install(plan, demand, asked, work, start=kept)
    installed = read_installed(prefix)
    found = differing(prefix, installed)
    if not found:
        return Provided(prefix=prefix, installed=installed, intact=True)
    names = sorted(found)
    warn = demand.interpreter.services.console.warn
    warn(f"{found[names[0]][0]} does not match its RECORD; reinstalling {', '.join(names)}")
    forget(demand.interpreter, names)
    again = work / "again"
    again.mkdir()
    prefix = install(plan, demand, asked, again)
    installed = read_installed(prefix)
    found = differing(prefix, installed)
    for name, paths in found.items():
        warn(f"{paths[0]} of `{name}` does not match its RECORD: the wheel is invalid")
    return Provided(prefix=prefix, installed=installed, intact=not found)


def _keep(plan: Plan, services: Services, resolution: Resolution, provided: Provided) -> None:
    """Put what is fixed of an installation into the cache, if it is what was expected."""
    prefix = provided.prefix
    # A lock's commits are installed on top of what its hashes fix.
    unfixed = {"dir_info"} if resolution.versions is not None else {"dir_info", "vcs_info"}
    local = [one for one in provided.installed if unfixed & set(direct_url(prefix, one) or ())]
    fixed = [one.package for one in provided.installed if one not in local]
    if not resolution.describes((one.name, one.version) for one in fixed):
        return
    kept = Kept(prefix=prefix, uncompiled=provided.uncompiled, archives=provided.archives)
    without = {prefix.place(file.path) for one in local for file in one.files}
    keep(services.cache, resolution.key, kept, major_minor(plan.python.version), without)
