"""What uv is asked to install: the application, and its locked requirements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.collect.uv import require_uv
from obelisk.config.application import Assembly, Project, Requirement, Script, WheelFile
from obelisk.config.requirements import Requirements, read_requirements
from obelisk.plan import Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What to install, in addition to the plan's requirements files."""

    own: tuple[str, ...]
    """The requirements that the application itself is, or has without a lock."""
    locked: Requirements | None
    """The lock's versions and hashes, or that a pylock.toml has them."""
    is_project: bool

    @property
    def on_top(self) -> tuple[str, ...]:
        """What is built each time, after everything that it needs is installed."""
        return self.own if self.is_project else ()  # a script is no package

    @property
    def unhashed(self) -> Requirements:
        """Folders and commits in the lock, which cannot have a hash."""
        return Requirements(lines=self.locked.unhashed if self.locked else ())

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to install."""
        return not self.own and self.locked in (None, Requirements())

    @property
    def is_fixed(self) -> bool:
        """Whether nothing is built each time."""
        return not self.on_top and self.unhashed == Requirements()


def read_asked(plan: Plan, work: Path) -> Asked:
    """Return what a plan asks for; uv reads its lock. Raises `CollectError` if it cannot."""
    return Asked(
        own=tuple(_own(plan)),
        locked=_locked_requirements(plan, work),
        is_project=isinstance(plan.application, Project),
    )


def _locked_requirements(plan: Plan, work: Path) -> Requirements | None:
    """Return the lock's versions and hashes, or that a pylock.toml has them.

    Where a recipe has them, what no hash can fix is the lock's.
    """
    if plan.fixed is not None:
        found = _locked_requirements(replace(plan, fixed=None), work)
        folders = found.unhashed if found else ()
        return replace(plan.fixed, unhashed=(*plan.fixed.unhashed, *folders))
    if plan.lock is None:
        return None
    if plan.lock.suffix == ".toml":
        return Requirements(locks=(plan.lock,))
    if isinstance(plan.application, Script):
        options = ["--script", str(plan.application.path)]
    else:
        options = ["--project", str(plan.folder), "--no-emit-project"]
    path = work / "exported.txt"
    argv = ["export", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-editable"]
    # All that a frozen export says is in the lock: nobody's configuration has a part in it.
    argv += ["--no-config", "--output-file", str(path), *options]
    require_uv(argv, f"reading {plan.lock}")
    return read_requirements([path], plan.folder)


def _own(plan: Plan) -> list[str]:
    """Return the requirements that the application itself is, or has without a lock."""
    match plan.application:
        case Project() as project:
            return [f"{project.name} @ {project.folder.as_uri()}"]
        case Script():
            return list(plan.application.dependencies)
        case Requirement():
            return [plan.application.text]
        case WheelFile() as wheel:
            return [f"{wheel.name} @ {wheel.path.as_uri()}"]
        case Assembly():
            return []  # its parts are installed each on its own
