"""An advisory in the OSV format, https://ossf.github.io/osv-schema/, read from outside bytes."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_LONGEST_SUMMARY: Final = 300
_WEB: Final = re.compile(r"https?://")
_SEVERITY_WORDS: Final = {"moderate": "medium", "important": "high"}


class Event(StrEnum):
    """What happens to a range at a version."""

    INTRODUCED = "introduced"
    FIXED = "fixed"
    LAST_AFFECTED = "last_affected"
    LIMIT = "limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A timeline of versions."""

    events: tuple[tuple[Event, str], ...]
    """As they were written; empty if they are commits only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Affected:
    """A package, and its versions that have the hole."""

    ecosystem: str | None
    name: str | None
    purls: tuple[str, ...]
    repositories: tuple[str, ...]
    cpes: tuple[str, ...]
    ranges: tuple[Range, ...]
    versions: frozenset[str]
    vectors: tuple[str, ...]
    """CVSS vectors of this package; those of the advisory are for all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advisory:
    """A known vulnerability."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    withdrawn: bool
    modified: str
    vectors: tuple[str, ...]
    """CVSS vectors."""
    word: str | None
    """The database's own word for the severity: `low`, `medium`, `high`, `critical`."""
    url: str | None
    affected: tuple[Affected, ...]


class MalformedError(ValueError):
    """What should be an advisory is none."""


def parse_advisory(data: bytes | str) -> Advisory:
    """Return the advisory of a JSON document; raise `MalformedError` for what is none."""
    return advisory_of(load(data))


def load(data: bytes | str) -> object:
    """Return the value of a JSON document; raise `MalformedError` for what is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:  # also text that is not UTF-8
        message = f"not JSON: {error}"
        raise MalformedError(message) from error


def packages_of(table: object) -> list[tuple[str, str]] | None:
    """Return (ecosystem, name) of all that a JSON value is about, without reading the rest of it.

    None if that does not tell, or it is no advisory.
    """
    rows = table.get("affected") if isinstance(table, dict) and table.get("id") else None
    found = []
    for row in rows if isinstance(rows, list) else [None]:
        package = row.get("package") if isinstance(row, dict) else None
        package = package if isinstance(package, dict) else {}
        ecosystem, name = package.get("ecosystem"), package.get("name")
        if not isinstance(ecosystem, str) or not isinstance(name, str):
            return None
        found.append((ecosystem, name))
    return found


def advisory_of(table: object) -> Advisory:
    """Return the advisory of a JSON value; raise `MalformedError` for what is none."""
    table = _table(table, "the document")
    withdrawn = table.get("withdrawn")
    if withdrawn is not None and not isinstance(withdrawn, str):
        message = "`withdrawn` is not a time"
        raise MalformedError(message)
    specific = _specific(table)
    return Advisory(
        id=_id(table),
        aliases=tuple(sorted(set(_texts(table, "aliases")))),
        summary=_line(table),
        withdrawn=bool(withdrawn),
        modified=_text(table, "modified") or "",
        vectors=tuple(_vectors(table)),
        word=_word(specific) or next(filter(None, map(_word, _all_specific(table))), None),
        url=_url(table),
        affected=tuple(_affected(row) for row in _tables(table, "affected")),
    )


def _id(table: dict[str, Any]) -> str:
    found = _text(table, "id")
    if not found or not found.isprintable():
        message = "no `id`"
        raise MalformedError(message)
    return found


def _line(table: dict[str, Any]) -> str:
    text = _text(table, "summary") or _text(table, "details") or ""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:_LONGEST_SUMMARY]


def _affected(row: dict[str, Any]) -> Affected:
    package = row.get("package")
    package = {} if package is None else _table(package, "`package`")
    ranges = list(_tables(row, "ranges"))
    specifics = [_specific(row), *map(_specific, ranges)]
    purls = [_text(package, "purl"), *(_loose(table, "purl") for table in specifics)]
    repositories = [_text(one, "repo") for one in ranges]
    return Affected(
        ecosystem=_text(package, "ecosystem"),
        name=_text(package, "name"),
        purls=tuple(filter(None, purls)),
        repositories=tuple(filter(None, repositories)),
        cpes=tuple(cpe for table in specifics for cpe in _cpes(table)),
        ranges=tuple(_range(one) for one in ranges),
        versions=frozenset(_texts(row, "versions")),
        vectors=tuple(_vectors(row)),
    )


def _range(row: dict[str, Any]) -> Range:
    """Return a range; one of commits is taken by the versions that its database gives for them."""
    events = list(_tables(row, "events"))
    if _text(row, "type") == "GIT":
        specific = _specific(row)
        lists = (specific.get("extracted_events"), specific.get("versions"))
        events = next((found for found in map(_loose_tables, lists) if found), [])
    return Range(events=tuple(event for table in events for event in _events(table)))


def _events(table: dict[str, Any]) -> Iterator[tuple[Event, str]]:
    for kind in Event:
        version = table.get(kind.value)
        if version is not None:
            if not isinstance(version, str):
                message = f"`{kind.value}` is not a version"
                raise MalformedError(message)
            yield kind, version.strip()


def _vectors(table: dict[str, Any]) -> Iterator[str]:
    for row in _tables(table, "severity"):
        kind, score = _loose(row, "type"), _loose(row, "score")
        if score and (kind or "").startswith("CVSS"):
            yield score


def _word(specific: dict[str, Any]) -> str | None:
    word = (_loose(specific, "severity") or "").strip().casefold()
    word = _SEVERITY_WORDS.get(word, word)
    return word if word in ("none", "low", "medium", "high", "critical") else None


def _all_specific(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in _tables(table, "affected"):
        for key in ("ecosystem_specific", "database_specific"):
            value = row.get(key)
            if isinstance(value, dict):
                yield value


def _url(table: dict[str, Any]) -> str | None:
    rows = [(_loose(row, "type"), _loose(row, "url")) for row in _tables(table, "references")]
    urls = [(kind != "ADVISORY", url) for kind, url in rows if url and _WEB.match(url)]
    return min(urls, key=operator.itemgetter(0), default=(False, None))[1]


def _cpes(specific: dict[str, Any]) -> Iterator[str]:
    value = specific.get("cpe")
    values = value if isinstance(value, list) else [value]
    yield from (one for one in values if isinstance(one, str))


def _specific(table: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema leaves to databases, and so cannot be malformed."""
    value = table.get("database_specific")
    return value if isinstance(value, dict) else {}


def _loose(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) else None


def _loose_tables(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _table(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        message = f"{what} is not an object"
        raise MalformedError(message)
    return value


def _tables(table: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list; null is as good as none, as the schema has it."""
    for row in _list(table, key):
        yield _table(row, f"an item of `{key}`")


def _texts(table: dict[str, Any], key: str) -> Iterator[str]:
    for item in _list(table, key):
        if not isinstance(item, str):
            message = f"an item of `{key}` is not a string"
            raise MalformedError(message)
        yield item


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = table.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        message = f"`{key}` is not a list"
        raise MalformedError(message)
    return value


def _text(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        message = f"`{key}` is not a string"
        raise MalformedError(message)
    return value
