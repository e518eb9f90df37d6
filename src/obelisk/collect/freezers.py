"""What the application's own code reads of a freezer: `sys.frozen` and `sys._MEIPASS`.

docs/explanation/frozen.md says why the code of packages is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from obelisk.config.interpreter import Interpreter
from obelisk.config.tables import key_of
from obelisk.model import Module
from obelisk.services.regular import read_regular

_QUESTIONS: Final = {
    "frozen": ("sys.frozen", re.compile(rb"\bsys\s*(?:\.\s*|,\s*['\"])frozen\b")),
    "meipass": ("sys._MEIPASS", re.compile(rb"\b_MEIPASS\b")),
}
"""By setting: the attribute, and what code has that reads it."""


def questions(interpreter: Interpreter, own: Iterable[Module]) -> dict[str, str]:
    """Return the settings that modules of the application read and nobody has set.

    The values say so, each with the first module that asks.
    """
    open_ones = {name for name in _QUESTIONS if getattr(interpreter, name) is None}
    found: dict[str, str] = {}
    for module in own:
        text = read_regular(module.source)
        for name in sorted(open_ones - set(found)):
            attribute, code = _QUESTIONS[name]
            if code.search(text):
                found[name] = (
                    f"setting `{attribute}`, which {module.relative} reads "
                    f"(to disable: `interpreter.{key_of(name)} = false`)"
                )
    return found
