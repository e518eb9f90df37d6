"""Whether a component may be in an executable, by `[tool.obelisk.licenses]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Final

from packaging.utils import canonicalize_name

from obelisk.components.component import Component, Linkage
from obelisk.components.expressions import (
    Expression,
    Term,
    judged,
    normalized,
    parse,
    parsed,
    terms,
)
from obelisk.config.licenses import Licenses, Override, Policy
from obelisk.errors import LicenseError
from obelisk.licenses.copyleft import Reach, permits_linking, reach

_HOW: Final = {
    Linkage.STATIC: "linked statically",
    Linkage.OBJECT: "linked in as a shared object",
    Linkage.BYTECODE: "imported as bytecode",
    Linkage.DATA: "stored as data",
}


class Verdict(IntEnum):
    """What a policy says of a license; of licenses that apply together the worst counts."""

    ALLOWED = 0
    REVIEW = 1
    DENIED = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a policy says of a component, and why."""

    component: Component
    verdict: Verdict
    reason: str
    is_accepted: bool = False
    """Whether the settings say so, whatever its license is."""

    def __str__(self) -> str:
        """Return it as a line of a message."""
        one = self.component
        version = f" {one.version}" if one.version else ""
        how = f", {_HOW[one.linkage]}" if one.linkage else ""
        inside = f", part of {one.part_of}" if one.part_of else ""
        told = f" (from {one.license_from})" if one.license_from else ""
        found = f"{one.license}{told}" if one.license else "license unknown"
        return f"{one.name}{version}: {found}{how}{inside}: {self.reason}"


def with_overrides(components: Iterable[Component], licenses: Licenses) -> list[Component]:
    """Return components with the licenses that the settings give them."""
    given = _overrides(licenses)
    return [_overridden(one, given.get(canonicalize_name(one.name))) for one in components]


def unused_overrides(components: Iterable[Component], licenses: Licenses) -> list[str]:
    """Return the names of overrides that are of no component."""
    known = {canonicalize_name(one.name) for one in components}
    return [name for name, _ in licenses.packages if canonicalize_name(name) not in known]


def judge_all(components: Iterable[Component], licenses: Licenses) -> list[Judgement]:
    """Return what the policy says of each component, in their order."""
    given = _overrides(licenses)
    return [
        _judged(one, licenses, given.get(canonicalize_name(one.name)) or Override())
        for one in components
    ]


def require_allowed(name: str, judgements: Sequence[Judgement]) -> None:
    """Raise `LicenseError` with all components that the policy refuses for an executable."""
    refused = [one for one in judgements if one.verdict == Verdict.DENIED]
    if not refused:
        return
    count = f"{len(refused)} component" + ("s" if len(refused) > 1 else "")
    lines = "".join(f"\n  {one}" for one in refused)
    message = f"the license policy refuses {count} of {name}:{lines}"
    first = refused[0].component.name
    way_out = "give its license" if refused[0].component.license is None else "accept it"
    hint = (
        f"replace the package, or leave it out; or {way_out} with a reason in "
        f"`[tool.obelisk.licenses.packages.{first}]`"
    )
    raise LicenseError(message, hint=hint)


def judge(expression: Expression, licenses: Licenses) -> tuple[Verdict, str]:
    """Return what a policy says of a license expression, and why."""
    of_term = {term: _of_term(term, licenses) for term in terms(expression)}
    verdict = Verdict(judged(expression, lambda term: of_term[term][0]))
    return next((found, why) for found, why in of_term.values() if found == verdict)


def _judged(component: Component, licenses: Licenses, override: Override) -> Judgement:
    made = partial(Judgement, component=component)
    if override.accept:
        return made(
            verdict=Verdict.ALLOWED, reason=f"accepted: {override.reason}", is_accepted=True
        )
    expression = parsed(component.license)
    if expression is None:
        verdict = Verdict.DENIED if licenses.is_policy else Verdict.ALLOWED
        return made(verdict=verdict, reason="nothing tells it")
    verdict, reason = judge(expression, licenses)
    return made(verdict=verdict, reason=reason)


def _of_term(term: Term, licenses: Licenses) -> tuple[Verdict, str]:
    for patterns, verdict, what in (
        (licenses.deny, Verdict.DENIED, "denied by"),
        (licenses.review, Verdict.REVIEW, "for review by"),
        (licenses.allow, Verdict.ALLOWED, "allowed by"),
    ):
        for pattern in patterns:
            if _matches(term, pattern, permits=verdict == Verdict.ALLOWED):
                return verdict, f"`{term}` is {what} `{pattern}`"
    return _of_unlisted(term, licenses)


def _of_unlisted(term: Term, licenses: Licenses) -> tuple[Verdict, str]:
    is_filtered = licenses.policy == Policy.NO_COPYLEFT
    if is_filtered and reach(term) > Reach.FILE:
        return Verdict.DENIED, f"`{term}` is copyleft, denied by `{licenses.policy}`"
    if licenses.allow:
        return Verdict.DENIED, f"`{term}` is not in `allow`"
    if is_filtered and reach(term) == Reach.FILE:
        return Verdict.REVIEW, f"`{term}` is copyleft for its own files"
    return Verdict.ALLOWED, f"nothing denies `{term}`"


def _matches(term: Term, pattern: str, *, permits: bool) -> bool:
    """Return whether a pattern is for a license; one without `WITH` is for it with exceptions, too.

    But it does not deny one with an exception that lets every program be linked to it.
    """
    own = _named_by(pattern)
    license_, _, exception = (str(own) if own else pattern).partition(" WITH ")
    if not fnmatchcase(term.license, license_):
        return False
    if exception:
        return term.exception is not None and fnmatchcase(term.exception, exception)
    return permits or not permits_linking(term.exception)


@cache
def _named_by(pattern: str) -> Term | None:
    """Return the license that a pattern without wildcards names, by whatever spelling."""
    try:
        found = parse(pattern)
    except ValueError:
        return None
    return found if isinstance(found, Term) else None


def _overrides(licenses: Licenses) -> Mapping[str, Override]:
    return {canonicalize_name(name): override for name, override in licenses.packages}


def _overridden(component: Component, override: Override | None) -> Component:
    if override is None or override.license is None:
        return component
    return replace(component, license=normalized(override.license), license_from="settings")
