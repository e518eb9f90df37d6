"""CPython's projects for Visual Studio (`PCbuild/*.vcxproj`): the sources that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError

_SOURCE: Final = re.compile(r'<ClCompile Include="([^"]+)"')
_FOLDERS: Final = {
    "..": "",
    "$(PySourcePath)": "",
    "$(mpdecimalDir)": "Modules/_decimal",
}
"""What paths of sources begin with that are CPython's own, and the folders of its tree."""


def project_sources(tree: Path, project: str) -> list[str]:
    """Return the C and C++ files of a project that are in CPython's own tree, as paths in it.

    Those of other libraries, which have recipes, are left out. Raises `ToolError` for a project
    that there is not, or without sources.
    """
    path = tree / "PCbuild" / f"{project}.vcxproj"
    if not path.is_file():
        message = f"CPython has no {path.relative_to(tree)}"
        raise ToolError(message)
    text = path.read_text(encoding="utf-8-sig")
    found = [_in_tree(name.replace("\\", "/")) for name in _SOURCE.findall(text)]
    sources = list(dict.fromkeys(name for name in found if name is not None))
    if not sources:
        message = f"{path.relative_to(tree)} names no source"
        raise ToolError(message)
    return sources


def _in_tree(path: str) -> str | None:
    first, _, rest = path.partition("/")
    if first not in _FOLDERS:
        return None
    return f"{_FOLDERS[first]}/{rest}".lstrip("/")
