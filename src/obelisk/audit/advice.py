"""What to do about a vulnerable component: who has to release something, and what comes then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from obelisk.audit.match import Hole, Matcher
from obelisk.audit.names import library_name
from obelisk.audit.versions import Scheme, compare
from obelisk.components.component import Component, Kind
from obelisk.services.pins import Pin, pins


class Action(StrEnum):
    """The kinds of things to do."""

    REBUILD = "rebuild"
    """Build again with the Obelisk that audits: its pin is fixed."""
    UPGRADE_OBELISK = "upgrade-obelisk"
    """The pin of this Obelisk has the hole as well: a newer one, or a pin of one's own."""
    UPGRADE = "upgrade"
    """Upgrade a package: the component, or the one whose wheel bundles it."""
    REPLACE = "replace"
    """A library that the application brings itself."""
    WAIT = "wait"
    """There is no fixed version yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What to do."""

    action: Action
    text: str
    """A sentence without a period."""


class Adviser:
    """Advises on holes, by the pins of this Obelisk."""

    def __init__(self, matcher: Matcher, own: Mapping[str, Pin] | None = None) -> None:
        self._matcher = matcher
        self._pins = pins() if own is None else own

    def advise(self, component: Component, hole: Hole, owners: tuple[Component, ...]) -> Advice:
        """Return what to do about a hole; `owners` are what bundles the component, up to the top.

        The last owner is what can be exchanged: a wheel, or Python itself.
        """
        top = owners[-1] if owners else component
        if top.kind is Kind.PACKAGE:
            return _of_package(component, hole, top)
        if top.kind is Kind.INTERPRETER and owners:
            return self._bundled_by_python(component, hole, top)
        if top.kind in (Kind.FILE, Kind.CRATE) or top.told_by != "pin":
            return _of_own_library(component, hole)
        return self._of_pin(component, hole)

    def _of_pin(self, component: Component, hole: Hole) -> Advice:
        pin = self._pin_of(component)
        if pin is not None and self._is_sound(component, pin.version, hole):
            text = f"rebuild with this Obelisk, which has {component.name} {pin.version}"
            return Advice(action=Action.REBUILD, text=text)
        if hole.fixed is None:
            return _wait(component)
        text = f"rebuild with a newer Obelisk, once it has {component.name} {hole.fixed} or newer"
        if pin is not None:
            text = (
                f"rebuild with a newer Obelisk (this one has {pin.version}), or with a pin of your "
                f"own for {component.name} {hole.fixed} or newer"
            )
        return Advice(action=Action.UPGRADE_OBELISK, text=text)

    def _bundled_by_python(self, component: Component, hole: Hole, python: Component) -> Advice:
        pin = self._pin_of(python)
        newer = pin is not None and _is_newer(pin.version, python.version)
        if pin is not None and newer:
            text = (
                f"rebuild with this Obelisk, whose CPython {pin.version} may bundle a newer "
                f"{component.name}, and audit again"
            )
            return Advice(action=Action.REBUILD, text=text)
        if hole.fixed is None:
            return _wait(component)
        text = (
            f"rebuild with a newer Obelisk, once its CPython bundles {component.name} "
            f"{hole.fixed} or newer"
        )
        return Advice(action=Action.UPGRADE_OBELISK, text=text)

    def _is_sound(self, component: Component, version: str, hole: Hole) -> bool:
        """Return whether another version of a component does not have a hole."""
        other = Component(
            reference=component.reference,
            kind=component.kind,
            name=component.name,
            version=version,
            cpe=component.cpe,
        )
        match = self._matcher.match(other)
        return not any(one.names & hole.names for one in match.holes)

    def _pin_of(self, component: Component) -> Pin | None:
        if component.kind is Kind.INTERPRETER:
            minor = ".".join((component.version or "").split(".")[:2])
            return self._pins.get(f"cpython-{minor}")
        known = self._pins.get(component.name)
        if known is not None:
            return known
        name = library_name(component.name)
        return next((pin for pin in self._pins.values() if library_name(pin.name) == name), None)


def _of_package(component: Component, hole: Hole, package: Component) -> Advice:
    if hole.fixed is None:
        return _wait(component)
    if component is package:
        text = f"upgrade {package.name} to {hole.fixed} or newer"
    else:
        text = (
            f"upgrade {package.name} to a release that bundles {component.name} {hole.fixed} or "
            "newer"
        )
    return Advice(action=Action.UPGRADE, text=text)


def _of_own_library(component: Component, hole: Hole) -> Advice:
    if hole.fixed is None:
        return _wait(component)
    text = f"replace {component.name} by {hole.fixed} or newer, and rebuild"
    return Advice(action=Action.REPLACE, text=text)


def _wait(component: Component) -> Advice:
    text = f"nothing to do yet: no fixed version of {component.name} is known"
    return Advice(action=Action.WAIT, text=text)


def _is_newer(version: str, than: str | None) -> bool:
    try:
        return than is not None and compare(Scheme.GENERIC, version, than) > 0
    except ValueError:
        return False
