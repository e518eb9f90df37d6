"""SPDX license expressions as a small tree: terms, all of them (`AND`), one of them (`OR`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from license_expression import (
    ExpressionError,
    ExpressionParseError,
    LicenseWithExceptionSymbol,
    Licensing,
    build_spdx_licensing,
    get_license_index,
)

_OWN: Final = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
"""What SPDX lets everybody name licenses of their own by."""
_LONGEST: Final = 1000
"""Characters of an expression; a whole license's text is none."""


@dataclass(frozen=True, slots=True)
class Term:
    """One license, with an exception to it if there is one."""

    license: str
    exception: str | None = None

    def __str__(self) -> str:
        """Return it as in an expression."""
        return f"{self.license} WITH {self.exception}" if self.exception else self.license


@dataclass(frozen=True, slots=True)
class AllOf:
    """Licenses that apply together."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Licenses to choose from."""

    parts: tuple[Expression, ...]


Expression = Term | AllOf | AnyOf


def parse(text: str) -> Expression:
    """Return the tree of an expression; raise `ValueError` that says why it is none."""
    if len(text) > _LONGEST or "\n" in text:
        message = "too long for a license expression"
        raise ValueError(message)
    if text in listed().licenses:
        return Term(text)  # most are; the library takes a while to begin
    licensing = _licensing()
    try:
        parsed = licensing.parse(text, strict=True)
    except (ExpressionError, ExpressionParseError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    if parsed is None:
        message = "an empty license expression"
        raise ValueError(message)
    tree = _tree(licensing, parsed)
    for term in terms(tree):
        _require_known(term)
    return tree


def parsed(text: str | None) -> Expression | None:
    """Return the tree of an expression; None for what is none, such as what nothing tells."""
    try:
        return None if text is None else parse(text)
    except ValueError:
        return None


def normalized(text: str) -> str | None:
    """Return an expression in SPDX's own spelling; None for what is none."""
    found = parsed(text)
    return None if found is None else render(found)


def render(expression: Expression) -> str:
    """Return the text of an expression."""
    match expression:
        case Term():
            return str(expression)
        case AllOf(parts):
            return " AND ".join(_in_brackets(part, AnyOf) for part in parts)
        case AnyOf(parts):
            return " OR ".join(_in_brackets(part, AllOf) for part in parts)


def terms(expression: Expression) -> Iterator[Term]:
    """Yield all licenses of an expression, in its order."""
    if isinstance(expression, Term):
        yield expression
    else:
        for part in expression.parts:
            yield from terms(part)


def judged(expression: Expression, judge: Callable[[Term], int]) -> int:
    """Return the judgement of an expression: the highest of all, the lowest of a choice."""
    match expression:
        case Term():
            return judge(expression)
        case AllOf(parts):
            return max(judged(part, judge) for part in parts)
        case AnyOf(parts):
            return min(judged(part, judge) for part in parts)


def all_of(found: list[str]) -> str | None:
    """Return the expression of licenses that apply together; None for nothing."""
    parts = [parse(text) for text in dict.fromkeys(found)]
    flat = [one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,))]
    if not flat:
        return None
    return render(AllOf(tuple(dict.fromkeys(flat))) if len(flat) > 1 else flat[0])


@dataclass(frozen=True, slots=True)
class Listed:
    """What is on SPDX's list."""

    licenses: Mapping[str, str]
    """Identifiers, and the category that the library gives each."""
    exceptions: frozenset[str]


@cache
def listed() -> Listed:
    """Return SPDX's list."""
    rows = [row for row in _index() if row.get("spdx_license_key")]
    return Listed(
        licenses={
            row["spdx_license_key"]: row["category"] for row in rows if not row["is_exception"]
        },
        exceptions=frozenset(row["spdx_license_key"] for row in rows if row["is_exception"]),
    )


@cache
def _licensing() -> Licensing:
    return build_spdx_licensing(_index())


@cache
def _index() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_license_index()
    return found


def _tree(licensing: Licensing, node: Any) -> Expression:  # noqa: ANN401 - a library without types
    if isinstance(node, licensing.AND | licensing.OR):
        parts = tuple(_tree(licensing, part) for part in node.args)
        return AllOf(parts) if isinstance(node, licensing.AND) else AnyOf(parts)
    if isinstance(node, LicenseWithExceptionSymbol):
        return Term(node.license_symbol.key, node.exception_symbol.key)
    return Term(str(node.key))


def _require_known(term: Term) -> None:
    found = listed()
    if term.license not in found.licenses and not _OWN.fullmatch(term.license):
        message = f"unknown license `{term.license}`"
        raise ValueError(message)
    if term.exception is not None and term.exception not in found.exceptions:
        message = f"unknown exception `{term.exception}`"
        raise ValueError(message)


def _in_brackets(part: Expression, kind: type[AllOf | AnyOf]) -> str:
    return f"({render(part)})" if isinstance(part, kind) else render(part)
