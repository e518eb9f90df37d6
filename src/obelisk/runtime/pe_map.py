"""What of a runtime for Windows comes from which library, as lld's map of a PE file tells it.

Such a map names objects, and not the libraries that they are members of: the libraries are read for
the names of their members.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from obelisk.components.pinned import COMPILER_RT
from obelisk.distribution.components import INTERPRETER
from obelisk.distribution.distribution import Distribution
from obelisk.recipes.windows import RECIPES, RUNTIME
from obelisk.runtime.linkmap import PARTS, Sizes
from obelisk.toolchain.archives import archive_members

_OWN: Final = "obelisk"
_PART_OF: Final = {
    ".text": "code",
    ".rdata": "constants",
    ".rodata": "constants",
    ".pdata": "unwind",
    ".edata": "names",
}
_BUNDLED: Final = {
    "Modules/expat": "expat",
    "Modules/_decimal/libmpdec": "mpdecimal",
    "Modules/_hacl": "hacl-star",
}
"""Folders of objects of others in CPython's tree."""
_SHOWN: Final = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{8}) {1,5}\d+ ")
"""How lines of a map begin: address, size and alignment. The columns of 8 characters behind that
have a section of the output, what it has of a file, or a symbol in that."""


def library_sizes(text: str, own: Path, distribution: Distribution) -> Sizes:
    """Add up a map of lld's by library; objects in the folder `own` are the runtime's C files."""
    members = _libraries(distribution)
    found: dict[str, Counter[str]] = {}
    section = ""
    for line in text.splitlines():
        match = _SHOWN.match(line)
        if match is None or line[24:40].isspace():
            continue
        if not line[24].isspace():
            section = line[24:].strip()
            continue
        file = line[32:].rpartition(":(")[0]
        size = int(match[2], 16)
        if size:
            is_own = file.startswith(f"{own}/")
            # What no library has is the import libraries', whose members are named by DLLs.
            library = _OWN if is_own else members.get(file.rpartition("/")[2], RUNTIME)
            found.setdefault(library, Counter())[_PART_OF.get(section, "data")] += size
    return {
        library: {part: found[library][part] for part in PARTS if found[library][part]}
        for library in sorted(found)
    }


def _libraries(distribution: Distribution) -> dict[str, str]:
    """Return whose the members of static libraries are, by their names.

    Few have the name of another library's: those count for the one that comes first.
    """
    lib = distribution.sysroot / "lib"
    libraries = [(lib / "compiler_rt.lib", COMPILER_RT)]
    for recipe in RECIPES.values():
        libraries += [(lib / f"lib{name}.a", recipe.name) for name in recipe.provides]
    libraries.append((distribution.static_library, INTERPRETER))
    found: dict[str, str] = {}
    for folder, name in _BUNDLED.items():
        paths = (distribution.sysroot / folder).glob("*.o")
        found |= dict.fromkeys((path.name for path in paths), name)
    for path, name in libraries:
        for member, _ in archive_members(path):
            found.setdefault(member.rpartition("/")[2], name)
    return found
