"""What applications are installed from: each of their parts is installed once for a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from obelisk.collect.assemble import assemble, written_part
from obelisk.collect.installed import make_prefix
from obelisk.collect.provide import Provided, provide
from obelisk.config.application import Assembly, Request
from obelisk.config.parts import Install, Part, Remove, shown_part
from obelisk.config.pyoxidizer.session import StandardLibrary, Wanted
from obelisk.config.requirements import Requirements
from obelisk.config.settings import without_entry
from obelisk.distribution.distribution import Distribution, obtain_distribution
from obelisk.distribution.versions import major_minor
from obelisk.model import RunModule
from obelisk.plan import Plan, make_plans
from obelisk.services.services import Services


class Installations:
    """What was installed for this command, below a folder that lives as long."""

    def __init__(
        self,
        work: Path,
        services_for: Callable[[str], Services],
        *,
        refresh: bool = False,
    ) -> None:
        self._work = work
        self._services_for = services_for
        self._refresh = refresh
        self._made: dict[object, Provided] = {}
        self._folders = 0

    def bring(self, wanted: Wanted) -> Path:
        """Install what the evaluation of a configuration asks for; return its modules' folder.

        Raises what `provide` raises, and what building the distribution does.
        """
        nothing = Assembly(name="part", folder=wanted.folder, parts=())
        settings = replace(without_entry(wanted.settings), name=None, module="-", multicall=False)
        request = Request(application=nothing, settings=settings, folder=wanted.folder)
        (plan,) = make_plans(request)
        plan = replace(plan, refresh=self._refresh)
        services = replace(self._services_for(wanted.settings.target), pins=plan.pins)
        distribution = obtain_distribution(services, plan.python)
        if isinstance(wanted.part, StandardLibrary):
            return distribution.stdlib
        doing = "Installing" if isinstance(wanted.part, Install) else "Reading"
        words = shown_part(wanted.part).removeprefix("install ")
        with services.console.step(f"{doing} {words}"):
            return self.part(wanted.part, plan, services, distribution).prefix.site

    def provide(
        self, plan: Plan, services: Services, distribution: Distribution, work: Path
    ) -> Provided:
        """Return what a plan names, installed; `work` is a folder for it alone.

        Raises `CollectError` when something does not resolve, build or match its hash.
        """
        application = plan.application
        if not isinstance(application, Assembly):
            return provide(plan, services, distribution, work)
        parts: list[Part] = list(application.parts)
        if plan.requirements != Requirements():
            parts.append(Install(words=(), requirements=plan.requirements))
        brought = [
            (
                part,
                None if isinstance(part, Remove) else self.part(part, plan, services, distribution),
            )
            for part in parts
        ]
        prefix = make_prefix(work / "assembled", major_minor(plan.python.version))
        return assemble(brought, prefix)

    def part(
        self, part: Part, plan: Plan, services: Services, distribution: Distribution
    ) -> Provided:
        """Return what one part brings, for the Python and the target of a plan."""
        settings = plan.settings
        key = (part, plan.python, plan.pins, plan.target, settings.no_binary, plan.build_packages)
        if key not in self._made:
            self._made[key] = _provided(part, plan, services, distribution, self._folder("part"))
        return self._made[key]

    def _folder(self, name: str) -> Path:
        self._folders += 1
        folder = self._work / f"{name}-{self._folders}"
        folder.mkdir()
        return folder


def _provided(
    part: Part, plan: Plan, services: Services, distribution: Distribution, work: Path
) -> Provided:
    if isinstance(part, Install):
        nothing = Assembly(name=plan.name, folder=plan.folder, parts=())
        alone = replace(
            plan,
            application=nothing,
            entry=RunModule(module="-"),  # no command is looked for
            requirements=part.requirements,
        )
        return provide(alone, services, distribution, work)
    if isinstance(part, Remove):
        message = "nothing is brought by what is removed"
        raise TypeError(message)
    return written_part(part, make_prefix(work / "prefix", major_minor(plan.python.version)))
