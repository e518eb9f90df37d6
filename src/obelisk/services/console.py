"""Output to the terminal: the only module that prints.

stdout is data, as it is, stderr is for people. Progress is drawn with rich on a terminal, and is
one plain line per finished step elsewhere. Nothing that is printed is read as markup: what has a
style is given with it, and control characters of other people's texts are shown, not obeyed.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from rich.console import Console as RichConsole
from rich.status import Status
from rich.text import Text

from obelisk.errors import ObeliskError, StorageError

_STARTED: Final = time.monotonic()
"""When this process began, but for a tenth of a second of Python's own start."""

_ELSEWHERE: Final = "redirect stdout elsewhere; the command itself succeeded"


class Verbosity(IntEnum):
    """How much is printed on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


Piece = str | tuple[str, str]
"""Text, or (text, its style)."""


def visible(text: str) -> str:
    """Return `text` with what would control a terminal, or cannot be encoded, as escapes."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )


class _Stderr(RichConsole):
    """Stderr as rich draws on it."""

    def on_broken_pipe(self) -> None:
        """Tell that nobody reads it; rich would exit with status 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class Console:
    """Prints steps, notes, errors and results."""

    def __init__(self, verbosity: Verbosity = Verbosity.NORMAL) -> None:
        self.verbosity = verbosity
        self._err = _Stderr(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._running: list[str] = []
        self._took: list[tuple[str, float]] = []
        self._status: Status | None = None

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a running step, and its seconds when it is done."""
        started = time.monotonic()
        self._begin(text)
        try:
            yield
        except BaseException:
            self._end(text)
            raise
        self._end(text)
        seconds = time.monotonic() - started
        if not self._running:  # one within another is part of that
            self._took.append((text, seconds))
        self.report(("✓", "green"), f" {text} ", (f"{seconds:.1f} s", "dim"))

    def timings(self) -> list[tuple[str, float]]:
        """Return (step, seconds) of all steps that ended, and what was in none; it adds up."""
        known = sum(seconds for _, seconds in self._took)
        return [*self._took, ("everything else", time.monotonic() - _STARTED - known)]

    def report(self, *pieces: Piece) -> None:
        """Print a line for people, unless quiet."""
        if self.verbosity > Verbosity.QUIET:
            self._print(*pieces)

    def note(self, text: str) -> None:
        """Print one line about the step that runs, unless quiet."""
        self.report((f"  {text}", "dim"))

    def progress(self, text: str) -> None:
        """Show how far the running step is, on a terminal."""
        if self._status is not None:
            running = f"{', '.join(self._running)} ... {text}"
            self._status.update(Text(visible(running), no_wrap=True, overflow="ellipsis"))

    def detail(self, text: str) -> None:
        """Print one line, with `--verbose` only."""
        if self.verbosity >= Verbosity.VERBOSE:
            self.note(text)

    def warn(self, text: str) -> None:
        """Print a warning, also when quiet."""
        self._print(("warning:", "yellow"), f" {text}")

    def error(self, error: ObeliskError) -> None:
        """Print an error and its hint."""
        self._print(("error:", "red"), f" {error}")
        if error.hint:
            self._print(("\nhint:", "cyan"), f" {error.hint}")

    def data(self, text: str) -> None:
        """Print a result on stdout; raise `StorageError` when that cannot be written to."""
        if sys.stdout is None:  # as after `>&-`
            message = "cannot write to stdout: it is closed"
            raise StorageError(message, hint=_ELSEWHERE)
        if sys.stdout.isatty():
            text = visible(text)
        # Elsewhere names that are not UTF-8 come out as the bytes that they are.
        data = f"{text}\n".encode(errors="surrogateescape")
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        except BrokenPipeError:
            raise  # who read it has read enough
        except OSError as error:
            message = f"cannot write to stdout: {error.strerror}"
            raise StorageError(message, hint=_ELSEWHERE) from error

    def json(self, value: object) -> None:
        """Print a result on stdout for a script to read."""
        self.data(json.dumps(value, indent=2))

    def _print(self, *pieces: Piece) -> None:
        shown = [
            visible(piece) if isinstance(piece, str) else (visible(piece[0]), piece[1])
            for piece in pieces
        ]
        self._err.print(Text.assemble(*shown))

    def _begin(self, text: str) -> None:
        self._running.append(text)
        self._draw()

    def _end(self, text: str) -> None:
        self._running.remove(text)
        self._draw()

    def _draw(self) -> None:
        if self.verbosity == Verbosity.QUIET or not self._err.is_terminal:
            return
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._running:
            self._status = self._err.status(Text(visible(", ".join(self._running)) + " ..."))
            self._status.start()
