"""First lines of Python scripts, which installers write for one machine.

The line is `#!/path/to/python`; where that is too long for a kernel, installers write a few lines
that are a shell's and Python's at once: `#!/bin/sh`, `'''exec' "/path/to/python" "$0" "$@"`,
`' '''`.
"""

from __future__ import annotations

import re
from typing import Final

from obelisk.collect.launcher import SHEBANG

_FIRST: Final = re.compile(
    rb"#![^\n]*python[^\n]*(?:\n|\Z)|#!/bin/sh\n'''exec' [^\n]*python[^\n]*\n' '''\n"
)


def is_python_script(data: bytes) -> bool:
    """Return whether a file is a script that Python runs."""
    return _FIRST.match(data) is not None


def neutral(data: bytes) -> bytes:
    """Return a script with a first line that names no machine's Python; other files as they are."""
    return _FIRST.sub(SHEBANG.encode(), data, count=1) if is_python_script(data) else data
