"""Bills of materials: which formats there are, and writing one to a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

from obelisk.report.materials import read_materials

_SPDX_SUFFIX: Final = ".spdx.json"


class Format(StrEnum):
    """A standard for bills of materials."""

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


def format_of(path: Path) -> Format:
    """Return the format that a file's name asks for."""
    return Format.SPDX if path.name.endswith(_SPDX_SUFFIX) else Format.CYCLONEDX


def sbom_text(executable: Path, chosen: Format) -> str:
    """Return the bill of materials of an executable; raise `VerifyError` if it is damaged."""
    materials = read_materials(executable)
    # Their libraries take longer to import than all of Obelisk.
    match chosen:
        case Format.CYCLONEDX:
            from obelisk.report.cyclonedx import cyclonedx_text  # noqa: PLC0415

            return cyclonedx_text(materials)
        case Format.SPDX:
            from obelisk.report.spdx import spdx_text  # noqa: PLC0415

            return spdx_text(materials)
