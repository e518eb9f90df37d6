"""How bad a vulnerability is: the score of its CVSS vector, or its database's own word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

WORDS: Final = ("none", "low", "medium", "high", "critical")
_LONGEST: Final = 500
_SCORES: Final = {"none": 0.0, "low": 2.0, "medium": 5.0, "high": 8.0, "critical": 9.5}
"""What stands for a word where a number is asked for: the middle of its range in CVSS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Severity:
    """A severity; both are None where nobody gave one."""

    word: str | None = None
    """One of `WORDS`."""
    score: float | None = None
    """0 to 10, of the vector."""
    vector: str | None = None

    @property
    def rank(self) -> float:
        """What sorts severities: the score, or what stands for the word; -1 if unknown."""
        if self.score is not None:
            return self.score
        return _SCORES[self.word] if self.word else -1.0

    def __str__(self) -> str:
        """Return it for people."""
        if self.word is None:
            return "unknown"
        return self.word if self.score is None else f"{self.word} {self.score:.1f}"


def severity_of(vectors: Iterable[str], word: str | None) -> Severity:
    """Return the severity by the newest version of CVSS that is given, or else by the word."""
    scored = [found for found in map(_score, vectors) if found is not None]
    if not scored:
        return Severity(word=word)
    return max(scored, key=lambda pair: (pair[0], pair[1].rank))[1]


def _score(vector: str) -> tuple[int, Severity] | None:
    if len(vector) > _LONGEST:
        return None
    try:
        if vector.startswith("CVSS:4"):
            four = CVSS4(vector)
            return 4, _severity(four.base_score, vector)
        if vector.startswith("CVSS:3"):
            return 3, _severity(CVSS3(vector).base_score, vector)
        return 2, _severity(CVSS2(vector).base_score, vector)
    except (CVSSError, ArithmeticError, LookupError, TypeError, ValueError):
        return None  # the database wrote no vector


def _severity(score: object, vector: str) -> Severity:
    number = float(str(score))
    return Severity(word=_word(number), score=number, vector=vector)


def _word(score: float) -> str:
    """Return the word of CVSS 3 and 4, also for a score of CVSS 2, which had three."""
    bounds = ((0.1, "none"), (4.0, "low"), (7.0, "medium"), (9.0, "high"))
    return next((word for bound, word in bounds if score < bound), "critical")
