"""What applications are installed from: each of their parts is installed once for a command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from obelisk.buildenv.environment import Interpreter
from obelisk.collect.assemble import assemble, written_part
from obelisk.collect.installed import make_prefix
from obelisk.collect.provide import Provided, provide
from obelisk.config.application import Assembly
from obelisk.config.parts import Install, Part, Remove
from obelisk.config.requirements import Requirements
from obelisk.distribution.versions import major_minor
from obelisk.model import RunModule
from obelisk.plan import Plan


class Installations:
    """What was installed for this command, below a folder that lives as long."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._made: dict[object, Provided] = {}

    def provide(self, plan: Plan, interpreter: Interpreter, work: Path) -> Provided:
        """Return what a plan names, installed; `work` is a folder for it alone.

        Raises `CollectError` when something does not resolve, build or match its hash.
        """
        application = plan.application
        if not isinstance(application, Assembly):
            return provide(plan, interpreter, work)
        parts: list[Part] = list(application.parts)
        if plan.requirements != Requirements():
            parts.append(Install(words=(), requirements=plan.requirements))
        brought = [
            (part, None if isinstance(part, Remove) else self.part(part, plan, interpreter))
            for part in parts
        ]
        prefix = make_prefix(work / "assembled", major_minor(plan.python.version))
        return assemble(brought, prefix)

    def part(self, part: Part, plan: Plan, interpreter: Interpreter) -> Provided:
        """Return what one part brings, for the Python and the target of a plan."""
        settings = plan.settings
        key = (part, plan.python.version, plan.target, settings.no_binary, plan.build_packages)
        if key not in self._made:
            work = self._work / f"part-{len(self._made)}"
            work.mkdir()
            self._made[key] = _provided(part, plan, interpreter, work)
        return self._made[key]


def _provided(part: Part, plan: Plan, interpreter: Interpreter, work: Path) -> Provided:
    if isinstance(part, Install):
        nothing = Assembly(name=plan.name, folder=plan.folder, parts=())
        alone = replace(
            plan,
            application=nothing,
            entry=RunModule(module="-"),  # no command is looked for
            requirements=part.requirements,
        )
        return provide(alone, interpreter, work)
    if isinstance(part, Remove):
        message = "nothing is brought by what is removed"
        raise TypeError(message)
    return written_part(part, make_prefix(work / "prefix", major_minor(plan.python.version)))
