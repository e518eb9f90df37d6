"""What deserves attention where no policy decides: unknown licenses, and copyleft that goes far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from obelisk.components.component import Component
from obelisk.components.expressions import parsed
from obelisk.licenses.copyleft import Reach, reach

_MOST: Final = 5
"""Names in a line."""


def remarks(components: Iterable[Component]) -> tuple[str, ...]:
    """Return a line for each of the two, with what to do; none if there is nothing to say."""
    unknown, far = [], []
    for one in components:
        found = parsed(one.license)
        if found is None:
            unknown.append(one.name)
        elif reach(found) > Reach.FILE:
            far.append(f"{one.name} ({one.license})")
    lines = []
    if unknown:
        way_out = f"to name it: `[tool.obelisk.licenses.packages.{unknown[0]}]`"
        lines.append(f"license unknown: {_listed(unknown)}; {way_out}")
    if far:
        lines.append(f"copyleft: {_listed(far)}; what it asks for: docs/explanation/licenses.md")
    return tuple(lines)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
