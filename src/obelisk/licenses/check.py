"""What a build does about licenses: apply the settings, stop, warn, or say it in its summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from obelisk.components.component import Component
from obelisk.components.inventory import Inventory
from obelisk.config.application import Project
from obelisk.inventory import Made, inventory_of
from obelisk.licenses.policy import (
    Verdict,
    judge_all,
    require_allowed,
    unused_overrides,
    with_overrides,
)
from obelisk.licenses.remarks import remarks
from obelisk.link.elf.shared_objects import Linked
from obelisk.plan import Plan
from obelisk.runtime.link import Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """Components that may be in an executable."""

    components: tuple[Component, ...]
    """With the licenses that the settings give them."""
    remarks: tuple[str, ...]
    """Lines for whoever builds, where no policy decides."""


class Permitted:
    """The components of executables of one application, as its policy permits them.

    Most differ in nothing but what is run: their components are read, and warned of, once.
    """

    def __init__(self) -> None:
        self._known: list[tuple[Made, Runtime, Inventory]] = []

    def inventory(self, made: Made, runtime: Runtime, linked: Linked | None) -> Inventory:
        """Return the components of an executable; raise `LicenseError` for what is refused."""
        for other, its_runtime, known in self._known:
            if runtime.path == its_runtime.path and _has_the_same(made, other):
                return known
        found = _permitted(made, inventory_of(made, runtime, linked))
        self._known.append((made, runtime, found))
        return found


def _has_the_same(made: Made, other: Made) -> bool:
    one, another = made.collection, other.collection
    return made.is_shipped == other.is_shipped and all(
        getattr(one, name) == getattr(another, name)
        for name in ("modules", "files", "natives", "packages")
    )


def _permitted(made: Made, inventory: Inventory) -> Inventory:
    """Apply the plan's policy to what an executable is made of; return it as the settings have it.

    Raises `LicenseError` for what the policy refuses. What there is to say is said once: not for
    the executable that training runs.
    """
    checked = check(made.plan, inventory.components, made.warn)
    for line in checked.remarks if made.is_shipped else ():
        made.services.console.note(line)
    return replace(inventory, components=checked.components)


def check(plan: Plan, components: Iterable[Component], warn: Callable[[str], None]) -> Checked:
    """Apply the plan's policy to all components but the project itself.

    Raises `LicenseError` for what it refuses; `warn` is called for what it lists for review.
    """
    licenses = plan.settings.licenses
    found = with_overrides(components, licenses)
    others = [one for one in found if not _is_own(one, plan)]
    judgements = judge_all(others, licenses)
    require_allowed(plan.name, judgements)
    for name in unused_overrides(found, licenses):
        warn(f"`licenses.packages.{name}` is of no component of {plan.name}")
    for one in judgements:
        if one.verdict == Verdict.REVIEW:
            name = one.component.name
            way_out = f"`[tool.obelisk.licenses.packages.{name}]`"
            warn(f"license for review: {one}; to accept it: {way_out}")
    undecided = [one.component for one in judgements if not one.is_accepted]
    said = () if licenses.is_policy else remarks(undecided)
    return Checked(components=tuple(found), remarks=said)


def _is_own(component: Component, plan: Plan) -> bool:
    """Return whether a component is the project that is built."""
    return isinstance(plan.application, Project) and canonicalize_name(
        component.name
    ) == canonicalize_name(plan.application.name)
