"""Writing what a `pyoxidizer.bzl` means as `[tool.obelisk]`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from obelisk.config.parts import Packages, Written, line_of
from obelisk.config.pyoxidizer.requests import Described, Wishes, describe, wishes_of
from obelisk.config.pyoxidizer.session import Session
from obelisk.config.settings import Settings

FOLDER: Final = "obelisk-modules"
"""Folder of modules whose text a configuration gives."""
_LONGEST: Final = 100
"""Columns of a comment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """A table, and files that it needs beside it."""

    table: str
    modules: Mapping[str, str]
    """Texts of modules, by their paths below the project."""


def convert(session: Session) -> Converted:
    """Return the `[tool.obelisk]` that means the same as the targets that were resolved.

    What has no counterpart is said in comments. Raises `ConfigError` for what cannot be built.
    """
    wishes = wishes_of(session)
    described = [describe(session, wish.executable) for wish in wishes.executables]
    modules: dict[str, str] = {}
    tables = []
    for one, name in zip(described, _names(wishes), strict=True):
        parts, texts = _with_modules(one, name, session)
        modules |= texts
        tables.append({**one.table, "name": name, "parts": parts})
    lines = list(_comments(session, wishes, described))
    if len(tables) == 1:
        lines += ["[tool.obelisk]", *_lines(tables[0], "tool.obelisk")]
    else:
        for table in tables:
            lines += ["[[tool.obelisk.executables]]"]
            lines += _lines(table, "tool.obelisk.executables")
            lines.append("")
    return Converted(table="\n".join(lines).rstrip() + "\n", modules=modules)


def _names(wishes: Wishes) -> list[str]:
    """Return names of executables: all are written to the same folder."""
    names = [wish.executable.name for wish in wishes.executables]
    return [
        name if names.count(name) == 1 else wish.places[0].replace("/", "-")
        for name, wish in zip(names, wishes.executables, strict=True)
    ]


def _with_modules(one: Described, name: str, session: Session) -> tuple[list[str], dict[str, str]]:
    """Return the parts, with one for modules whose text is given, and their files."""
    parts = list(one.table.get("parts", ()))
    texts: dict[str, str] = {}
    for number, written in enumerate(one.written):
        folder = f"{FOLDER}/{name}" + (f"-{number}" if number else "")
        texts |= {f"{folder}/{path}": text for path, text in written.files}
        parts.append(line_of(_packages(written, session, folder), session.folder))
    return parts, texts


def _packages(written: Written, session: Session, folder: str) -> Packages:
    tops = sorted({path.partition("/")[0].removesuffix(".py") for path, _ in written.files})
    return Packages(folder=session.folder / folder, names=tuple(tops))


def _comments(session: Session, wishes: Wishes, described: Iterable[Described]) -> Iterator[str]:
    """Yield comments: where it is from, and what has no counterpart."""
    yield from _comment(f"From the targets {', '.join(session.resolved)} of {session.path.name}.")
    of_each = [note for one in described for note in one.notes]
    for note in (*session.warnings, *session.notes(), *wishes.notes, *of_each):
        yield from _comment(note)
    if wishes.files:
        files = ", ".join(wishes.files)
        yield from _comment(f"no counterpart: files beside the executable: {files}")
    for wish, name in zip(wishes.executables, _names(wishes), strict=True):
        if name != wish.executable.name:
            several = f"several executables are named `{wish.executable.name}`"
            yield from _comment(f"no counterpart: {several}; this one is `{name}` here")
        others = [place for place in wish.places if place != wish.executable.name]
        if others:
            yield from _comment(f"no counterpart: `{wish.executable.name}` as {', '.join(others)}")
    rest = [name for name in session.targets if name not in session.resolved]
    if rest:
        yield from _comment(f"no counterpart: the targets {', '.join(rest)}")


def _comment(text: str) -> Iterator[str]:
    line = "#"
    for word in text.split():
        if len(line) + len(word) + 1 > _LONGEST:
            yield line
            line = "#  "
        line += f" {word}"
    yield line


def _lines(table: dict[str, Any], name: str) -> Iterator[str]:
    """Yield the lines of a table and of those in it; defaults are left out."""
    default = Settings().python
    for key, value in table.items():
        if not isinstance(value, dict) and (key, value) != ("python", default):
            yield f"{key} = {_toml(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield f"\n[{name}.{key}]"
            yield from _lines(value, f"{name}.{key}")


def _toml(value: object) -> str:
    if isinstance(value, list):
        items = [_toml(item) for item in value]
        short = f"[{', '.join(items)}]"
        if len(short) < _LONGEST - len("exclude = "):
            return short
        return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    # JSON's strings are TOML's, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
