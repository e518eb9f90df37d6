"""The main module that Obelisk writes for an entry point where no installer wrote a command."""

from __future__ import annotations

import ast
import pprint
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from obelisk.model import (
    Collection,
    EntryPoint,
    Module,
    Multicall,
    ResolvedEntry,
    RunCode,
    RunModule,
    RunProgram,
    RunScript,
    ScriptFile,
)

SHEBANG: Final = "#!python\n"
"""The first line of commands, as wheels have it: it names no Python of any machine."""
_MULTICALL: Final = '''\
"""Run one of several commands: the one of this file's own name, or of the first argument."""

import importlib
import os
import sys

COMMANDS = {commands}


def main():
    name = os.path.basename(sys.argv[0]){suffix}
    if name not in COMMANDS and len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        del sys.argv[0]
        name = sys.argv[0]
    if name not in COMMANDS:
        asked = sys.argv[1:2] in (["-h"], ["--help"])
        listed = "\\n  ".join(COMMANDS)
        text = f"usage: {{name}} COMMAND [ARGUMENT...]\\n\\ncommands:\\n  {{listed}}"
        print(text, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    module, function = COMMANDS[name]
    place = importlib.import_module(module)
    for part in function.split("."):
        place = getattr(place, part)
    return place()


if __name__ == "__main__":
    sys.exit(main())
'''


_WITHOUT_SUFFIX: Final = """
    if name.lower().endswith("{suffix}"):
        name = name[:-{size}]"""
"""Where the names of programs end with one that is not of their commands."""


def main_program(entry: EntryPoint | RunCode | Multicall, suffix: str = "") -> str:
    """Return the text of the main module that calls an entry point, or one of several.

    `suffix` is what names of programs end with on the target.
    """
    if isinstance(entry, RunCode):
        return _code_program(entry.text.strip())
    if isinstance(entry, Multicall):
        commands = {name: (command.module, command.function) for name, command in entry.commands}
        shown = pprint.pformat(commands, sort_dicts=False)
        strip = _WITHOUT_SUFFIX.format(suffix=suffix, size=len(suffix)) if suffix else ""
        return _MULTICALL.format(commands=shown, suffix=strip)
    top = entry.function.split(".")[0]
    return (
        "import sys\n\n"
        f"from {entry.module} import {top}\n\n"
        'if __name__ == "__main__":\n'
        f"    sys.exit({entry.function}())\n"
    )


def _code_program(text: str) -> str:
    """Return a main module that runs code; processes of multiprocessing import it, and do not."""
    try:
        statements = ast.parse(text).body
        indented = textwrap.indent(text, "    ")
        (guarded,) = ast.parse(f"if 1:\n{indented}").body
    except SyntaxError:
        return f"{text}\n"  # the target's Python may understand it, or says what is wrong
    assert isinstance(guarded, ast.If)  # noqa: S101 - for mypy
    same = list(map(ast.dump, statements)) == list(map(ast.dump, guarded.body))
    code = indented if same and "__future__" not in text else f"    exec({text!r})"
    return f'if __name__ == "__main__":\n{code}\n'


def main_modules(
    collections: Iterable[Collection], folder: Path, suffix: str = ""
) -> Iterator[Module]:
    """Yield the main programs that are none of the modules: commands of an installer, or ours.

    Those of ours are written below `folder`; `suffix` is what names of programs end with.
    """
    for number, collection in enumerate(collections):
        entry, path = collection.entry, collection.main
        if collection.command is not None:
            yield Module(name="__main__", path=path, source=collection.command)
        elif isinstance(entry, EntryPoint | RunCode | Multicall):
            source = folder / f"main-{number}" / "__main__.py"
            source.parent.mkdir()
            yield main_module(entry, path, source, suffix)


def main_module(
    entry: EntryPoint | RunCode | Multicall, path: str, source: Path, suffix: str = ""
) -> Module:
    """Write the main module of an entry point; it is the command `path` in the executable."""
    source.write_text(SHEBANG + main_program(entry, suffix), encoding="utf-8")
    source.chmod(0o755)
    return Module(name="__main__", path=path, source=source)


def entry_modules(entry: ResolvedEntry) -> set[str]:
    """Return the names of the modules that the main program cannot do without."""
    match entry:
        case RunModule() | EntryPoint():
            return {entry.module}
        case Multicall():
            return {one.module for _, one in entry.commands}
        case RunScript() | RunCode() | ScriptFile() | RunProgram():
            return set()
