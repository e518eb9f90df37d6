"""Marks in the objects of libraries that Obelisk builds: wherever these are linked in, they show.

A compiler writes its name into the section `.comment` of each object, and linkers keep one copy of
each line there. What Obelisk builds has another line: which source it is of. So the shared objects
of a package that is built from source say themselves which static libraries are in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

UNMARKED: Final = "-DOBELISK_MARKED"
"""The compiler's option for a source that has no mark, or brings its own."""
_LINE: Final = re.compile(rb"Obelisk component: ([\w.+-]+) ([^\s\0]+)\0")


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """A source that objects were compiled from."""

    name: str
    """What it is called among components."""
    version: str

    def header(self) -> str:
        """Return a header that marks each object whose compiler is told to include it."""
        return (
            # Or the compiler would warn that the last line is an extension.
            "#pragma GCC system_header\n"
            # Sources of assembler are preprocessed as well.
            "#if !defined(OBELISK_MARKED) && !defined(__ASSEMBLER__)\n"
            "#define OBELISK_MARKED\n"
            f"{self.line()}"
            "#endif\n"
        )

    def line(self) -> str:
        """Return the line of C that marks the object of the source that has it."""
        return f'#ident "Obelisk component: {self.name} {self.version}"\n'


def marks_in(comment: bytes) -> tuple[Mark, ...]:
    """Return the marks of a section `.comment`, sorted."""
    found = {Mark(*(text.decode() for text in line)) for line in _LINE.findall(comment + b"\0")}
    return tuple(sorted(found))
