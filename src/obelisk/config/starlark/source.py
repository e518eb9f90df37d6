"""The text of a file, and places in it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from obelisk.config.starlark.errors import Place, StarlarkError
from obelisk.errors import ConfigError


@dataclass(frozen=True)
class Source:
    """A file of a configuration: its name as messages show it, and its text."""

    file: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines; only a line feed ends one."""
        return self.text.split("\n")

    def place(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> Place:
        """Return where a node of the tree begins; of `a.b` and `a.b()`, where `b` does."""
        if isinstance(node, ast.Call):
            return self.place(node.func)
        line, column = node.lineno, node.col_offset
        if isinstance(node, ast.Attribute):
            line, column = node.end_lineno or line, node.end_col_offset or column
            column = max(0, column - len(node.attr.encode()))
        text = self.lines[line - 1]
        if not text.isascii():  # columns are counted in bytes of UTF-8
            column = len(text.encode()[:column].decode(errors="replace"))
        return Place(self.file, line, column + 1, text)

    def place_at(self, line: int | None, column: int | None) -> Place:
        """Return the place of a line and a column that may be outside of its text."""
        line = min(max(line or 1, 1), len(self.lines))
        text = self.lines[line - 1]
        first = len(text) - len(text.lstrip()) + 1
        return Place(self.file, line, min(max(column or 1, first), len(text) + 1), text)


def decode(data: bytes, file: str, largest: int) -> Source:
    """Return the text of a file; raise `ConfigError` unless it is UTF-8 of at most that size."""
    if len(data) > largest:
        message = f"{file} is too large: {len(data)} bytes, the limit is {largest}"
        raise ConfigError(message)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = f"{file} is encoded in UTF-16"
        raise ConfigError(message, hint="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        raise _at_end_of(before, file, "not valid UTF-8", "save the file as UTF-8") from None
    if "\0" in text:
        raise _at_end_of(text[: text.index("\0")], file, "zero byte in the source", None)
    return Source(file, text.replace("\r\n", "\n").replace("\r", "\n"))


def _at_end_of(before: str, file: str, problem: str, hint: str | None) -> StarlarkError:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    place = Place(file, len(lines), len(lines[-1]) + 1, lines[-1])
    return StarlarkError(problem, place, hint=hint)
