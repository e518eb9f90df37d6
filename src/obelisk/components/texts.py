"""Recognizing the text of a license, by comparison with those that are known.

A text is a license if it differs from the known one by no more than names, dates and a title. What
could be a condition of its own makes it another license, and unknown. The known texts are data:
`data/licenses/texts`, each under its SPDX identifier.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from obelisk.components.expressions import all_of

_LONGEST: Final = 100_000
"""Characters; no known license has half as many."""
_ALIKE: Final = 0.94
"""The part of pairs of words that two texts must share."""
_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_HOLDER: Final = re.compile(
    r"^\W*(?:copyright\b(?!\s+(?:holder|owner|notice|and|law|license)).*"
    r"|(?:all|some) rights reserved.*|\(c\)\s.*|©.*)$",
    re.MULTILINE,
)
"""Lines that say whose the work is."""
_CONDITIONS: Final = frozenset(
    (
        *("academic", "commercial", "commercially", "noncommercial", "educational", "evaluation"),
        *("evil", "except", "excluding", "forbidden", "internal", "military", "only", "personal"),
        *("prohibited", "research", "restricted", "sell", "unless"),
    )
)
"""Words that make another license of a text if it has them more often."""
_NO_LICENSES: Final = ("authors", "contributors", "copyright", "notice", "thanks")
"""How names of files begin that usually say whose the work is, and give no license."""
_INCLUDES: Final = {
    "LGPL-3.0-only": "GPL-3.0-only",
}
"""Licenses that are written as additions to another, whose text lies beside them."""

_Pairs = Counter[tuple[str, str]]


def recognize(text: str) -> str | None:
    """Return the license that a text is, None if it is none that is known."""
    if len(text) > _LONGEST:
        return None
    words = _words(text)
    pairs = Counter(pairwise(words))
    found = [
        (_likeness(pairs, known), name)
        for name, (_, known) in _known().items()
        if 2 * min(pairs.total(), known.total()) >= _ALIKE * (pairs.total() + known.total())
    ]
    likeness, name = max(found, default=(0.0, ""))
    if likeness < _ALIKE or _conditions(words) - _known()[name][0]:
        return None
    return name


def license_of_texts(texts: Mapping[str, str]) -> str | None:
    """Return the expression of license files; None if one of them is not known, or there are none.

    `texts` has them by their names. Of the GNU licenses a text alone does not tell whether later
    versions may be chosen: nothing says so.
    """
    found: list[str] = []
    for name in sorted(texts):
        one = recognize(texts[name])
        if one is not None:
            found.append(one)
        elif not name.rpartition("/")[2].lower().startswith(_NO_LICENSES):
            return None
    included = {_INCLUDES[name] for name in found if name in _INCLUDES}
    return all_of([name for name in found if name not in included])


def standard_text(name: str) -> str | None:
    """Return the text of a license, without a holder's name; None if it is not known."""
    path = files("obelisk") / f"data/licenses/texts/{_text_name(name)}.txt"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _text_name(name: str) -> str:
    """Return under which name a text is stored: later versions have that of the first."""
    return name.replace("-or-later", "-only")


@cache
def _known() -> dict[str, tuple[Counter[str], _Pairs]]:
    folder = files("obelisk") / "data/licenses/texts"
    found = {}
    for path in folder.iterdir():
        words = _words(path.read_text(encoding="utf-8"))
        found[path.name.removesuffix(".txt")] = (_conditions(words), Counter(pairwise(words)))
    return dict(sorted(found.items()))


def _words(text: str) -> list[str]:
    return _WORD.findall(_HOLDER.sub("", text.lower()))


def _conditions(words: list[str]) -> Counter[str]:
    return Counter(word for word in words if word in _CONDITIONS)


def _likeness(one: _Pairs, two: _Pairs) -> float:
    """Return the part of pairs that two texts share, between 0 and 1."""
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 0.0
