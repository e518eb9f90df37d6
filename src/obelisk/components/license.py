"""The license of a distribution of Python, as an SPDX expression."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.metadata import RawMetadata


def license_of(metadata: RawMetadata, texts: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return an SPDX expression and what told it, as `Component` has them; None for unknown.

    `texts` are its license files, by their names below `*.dist-info`.
    """
    del texts
    expression = metadata.get("license_expression")
    return (expression, "metadata") if expression else (None, None)
