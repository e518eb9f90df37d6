"""What the application's own code asks of a freezer: `sys.frozen` and `sys._MEIPASS`.

docs/explanation/frozen.md says why the code of packages is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from obelisk.collect.installed import Installed, Prefix
from obelisk.config.interpreter import Interpreter
from obelisk.config.request import Project
from obelisk.config.tables import key_of
from obelisk.model import Module
from obelisk.plan import Plan
from obelisk.regular import read_regular

_QUESTIONS: Final = {
    "frozen": ("sys.frozen", re.compile(rb"\bsys\s*(?:\.\s*|,\s*['\"])frozen\b")),
    "meipass": ("sys._MEIPASS", re.compile(rb"\b_MEIPASS\b")),
}
"""By setting: the attribute, and what code has that reads it."""


def project_modules(
    plan: Plan, prefix: Prefix, installed: Sequence[Installed], modules: Iterable[Module]
) -> list[Module]:
    """Return the modules that the project installs, if the application is one."""
    if not isinstance(plan.application, Project):
        return []
    key = canonicalize_name(plan.application.name)
    files = [file for one in installed if one.key == key for file in one.files]
    paths = {f"{prefix.base}/{file.path}" for file in files}
    return [module for module in modules if module.path in paths]


def questions(interpreter: Interpreter, own: Iterable[Module]) -> dict[str, str]:
    """Return the settings that modules of the application ask for and nobody has set.

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
                    f"{module.relative} reads `{attribute}`, so it is set "
                    f"(`interpreter.{key_of(name)} = false` unsets it)"
                )
    return found
