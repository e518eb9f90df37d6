"""License expressions of SPDX: which are valid, and which licenses of their own they name."""

from __future__ import annotations

from obelisk.components.expressions import parsed, terms


def is_expression(text: str) -> bool:
    """Say whether a text is an expression of identifiers that SPDX lists, or `LicenseRef-*`."""
    return own_references(text) is not None


def own_references(text: str) -> tuple[str, ...] | None:
    """Return the `LicenseRef-*` in an expression, sorted; None if it is not valid."""
    found = parsed(text)
    if found is None:
        return None
    return tuple(sorted({one.license for one in terms(found) if "LicenseRef-" in one.license}))
