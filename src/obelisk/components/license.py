"""The license of a distribution of Python, as an SPDX expression.

Asked in this order: License-Expression (PEP 639), the field License, the classifiers, the license
files. What none of them tells is unknown. A field and classifiers that contradict each other count
both. The tables are data.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Final

from packaging.metadata import RawMetadata

from obelisk.components.expressions import Term, all_of, normalized, parse, terms
from obelisk.components.texts import license_of_texts, recognize

_IDLE: Final = re.compile(
    r"\b(the|licen[sc]es?d?|version|under|terms|of)\b|[,;\"']|<?https?://[^\s()>]*>?|\(\s*\)"
)
"""What makes no difference in the field License."""
_SHORT: Final = 120
"""Characters of a name; what is longer is a text."""


def license_of(metadata: RawMetadata, texts: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return an SPDX expression and what told it, as `Component` has them; None for unknown.

    `texts` are its license files, by their names below `*.dist-info`.
    """
    expression = normalized(metadata.get("license_expression") or "")
    if expression is not None:
        return expression, "metadata"
    field = _by_field(metadata.get("license") or "")
    classified = _by_classifiers(metadata.get("classifiers") or ())
    found = field or classified
    if found is None:
        found = license_of_texts(texts)
        return found, None if found is None else "files"
    if found.endswith("*"):
        found = _exact(found, [classified or found, *_in_texts(found, texts)])
    if field is not None and classified is not None:
        found = _together(found, _exact(classified, [found]))
    return found, "classifiers" if field is None else "metadata"


def _in_texts(family: str, texts: Mapping[str, str]) -> list[str]:
    """Return the member of a family whose text is among the license files, if it is only one."""
    found = {recognize(text) for text in texts.values()}
    members = [one for one in found if one is not None and fnmatchcase(one, family)]
    return members if len(members) == 1 else []


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spellings:
    """What stands for licenses in metadata."""

    classifiers: Mapping[str, str]
    fields: Mapping[str, str]
    families: Mapping[str, str]


@cache
def _spellings() -> _Spellings:
    path = files("obelisk") / "data/licenses/spellings.toml"
    return _Spellings(**tomllib.loads(path.read_text(encoding="utf-8")))


def _by_field(text: str) -> str | None:
    """Return an expression or a family of a name, an expression or a whole text."""
    text = text.strip()
    if len(text) > _SHORT or "\n" in text:
        return recognize(text)
    words = " ".join(_IDLE.sub(" ", text.lower()).split())
    return _spellings().fields.get(words) or normalized(text)


def _by_classifiers(classifiers: Iterable[str]) -> str | None:
    """Return an expression or a family; where there are several, all of them count.

    Whether they are a choice, no classifier says.
    """
    names = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    table = _spellings().classifiers
    found = list(dict.fromkeys(table[name] for name in names if name in table))
    if len(found) == 1:
        return found[0]
    return all_of([_exact(one, [two for two in found if two != one]) for one in found])


def _exact(found: str, others: Iterable[str]) -> str:
    """Return the member of a family that something else names, or that is assumed."""
    if not found.endswith("*"):
        return found
    members = (one for one in others if not one.endswith("*") and fnmatchcase(one, found))
    return next(members, _spellings().families[found])


def _together(field: str, classified: str) -> str:
    """Return what the field says, and what only the classifiers say: nothing tells who is right."""
    known = {_family(term) for term in terms(parse(field))}
    more = [str(one) for one in terms(parse(classified)) if _family(one) not in known]
    return all_of([field, *more]) or field


def _family(term: Term) -> str:
    return term.license.partition("-")[0]
