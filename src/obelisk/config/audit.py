"""`[tool.obelisk.audit]`: which advisories do not count, why, and until when (VEX statements)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from obelisk.config.toml import read_toml, shown, table_in, text_in
from obelisk.errors import ConfigError, did_you_mean

KEYS: Final = {
    "id": "The advisory: any of its names, such as a CVE or a GHSA. Required.",
    "reason": "Why it does not matter to this application. Required.",
    "until": "The last day on which it is ignored, as a TOML date. Afterwards it counts again, with"
    " a warning. Required.",
    "component": "The only component that is meant. Default: every one that has it.",
}
"""What a statement says, and the meaning of each key."""
_EXAMPLE: Final = (
    '`ignore = [{ id = "CVE-2026-1234", reason = "that function is never called", '
    "until = 2027-01-31 }]`"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignore:
    """A statement that a vulnerability does not matter to this application, for some time."""

    id: str
    """Any name of the vulnerability: a CVE, a GHSA ..."""
    reason: str
    until: date
    """The last day on which it counts."""
    component: str | None = None
    """The only component it is about."""

    def is_about(self, names: frozenset[str], component: str) -> bool:
        """Return whether it is about a vulnerability, by all its names, of a component."""
        known = {name.casefold() for name in names}
        return self.id.casefold() in known and (
            self.component is None
            or canonicalize_name(self.component) == canonicalize_name(component)
        )

    def is_expired(self, today: date) -> bool:
        """Return whether it counts no more."""
        return today > self.until


def read_ignores(path: Path) -> tuple[Ignore, ...]:
    """Return the statements of an ignore file; raise `ConfigError` for invalid ones."""
    return parse_audit(read_toml(path), str(path))


def project_ignores(folder: Path) -> tuple[Ignore, ...]:
    """Return the statements of the pyproject.toml in a folder, if there is one."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        return ()
    tool = table_in(table_in(read_toml(path), "tool", str(path)), "obelisk", str(path))
    where = f"`[tool.obelisk]` of {path}"
    return parse_audit(table_in(tool, "audit", where), f"`[tool.obelisk.audit]` of {path}")


def parse_audit(table: dict[str, Any], where: str) -> tuple[Ignore, ...]:
    """Return the statements of an `audit` table; raise `ConfigError` that names `where` it is."""
    _require_known(table, ("ignore",), where)
    rows = table.get("ignore", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        message = f"`ignore` in {where} must be a list of tables, not {shown(rows)}"
        raise ConfigError(message, hint=f"for example {_EXAMPLE}")
    return tuple(_ignore(row, f"`ignore` in {where}") for row in rows)


def _ignore(row: dict[str, Any], where: str) -> Ignore:
    _require_known(row, tuple(KEYS), where)
    texts = {key: _text(row, key, where) for key in ("id", "reason")}
    until = row.get("until")
    if not isinstance(until, date) or isinstance(until, datetime):
        given = "is missing" if until is None else f"must be a date, not {shown(until)}"
        message = f"`until` of `{texts['id']}` in {where} {given}"
        raise ConfigError(message, hint=f"say when to look again, for example {_EXAMPLE}")
    return Ignore(
        id=texts["id"],
        reason=texts["reason"],
        until=until,
        component=text_in(row, "component", where),
    )


def _text(row: dict[str, Any], key: str, where: str) -> str:
    text = (text_in(row, key, where) or "").strip()
    if not text or not text.isprintable():
        message = f"`{key}` is missing in {where}: {shown(row)}"
        raise ConfigError(message, hint=f"say which advisory and why, for example {_EXAMPLE}")
    return text


def _require_known(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            message = f"unknown key {shown(key)} in {where}"
            raise ConfigError(message, hint=did_you_mean(key, known))
