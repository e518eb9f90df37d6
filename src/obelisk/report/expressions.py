"""License expressions of SPDX: which are valid, and which licenses of their own they name."""

from __future__ import annotations

from functools import cache

from license_expression import ExpressionError, ExpressionParseError, Licensing, get_spdx_licensing


def is_expression(text: str) -> bool:
    """Say whether a text is an expression of identifiers that SPDX lists, or `LicenseRef-*`."""
    return own_references(text) is not None


def own_references(text: str) -> tuple[str, ...] | None:
    """Return the `LicenseRef-*` in an expression, sorted; None if it is not valid."""
    if not text.strip():
        return None
    try:
        keys = set(_licensing().license_keys(text, validate=False, simple=False))
        unknown = set(_licensing().unknown_license_keys(text))
    except (ExpressionError, ExpressionParseError):
        return None
    own = {key for key in keys | unknown if key.lower().startswith("licenseref-")}
    return None if unknown - own else tuple(sorted(own))


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()
