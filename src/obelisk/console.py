"""What a person sees: the only module that prints.

stdout is data, stderr is for people. Progress is drawn with rich on a terminal, and is one plain
line per finished step elsewhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.status import Status

from obelisk.errors import ObeliskError


class Verbosity(IntEnum):
    """How much is said on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class Console:
    """Prints steps, notes, errors and results."""

    def __init__(self, verbosity: Verbosity = Verbosity.NORMAL) -> None:
        self.verbosity = verbosity
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._out = RichConsole(highlight=False, soft_wrap=True, markup=False)
        self._running: list[str] = []
        self._status: Status | None = None

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show that work goes on, and how many seconds it took when it is done."""
        started = time.monotonic()
        self._begin(text)
        try:
            yield
        except BaseException:
            self._end(text)
            raise
        self._end(text)
        self.report(f"[green]✓[/] {escape(text)} [dim]{time.monotonic() - started:.1f} s[/]")

    def report(self, markup: str) -> None:
        """Print one line for people, unless quiet."""
        if self.verbosity > Verbosity.QUIET:
            self._err.print(markup)

    def note(self, text: str) -> None:
        """Print one line about the step that runs, unless quiet."""
        self.report(f"[dim]  {escape(text)}[/]")

    def detail(self, text: str) -> None:
        """Print one line for people who asked for more."""
        if self.verbosity >= Verbosity.VERBOSE:
            self.note(text)

    def warn(self, text: str) -> None:
        """Print something that a person should act on."""
        self._err.print(f"[yellow]warning:[/] {escape(text)}")

    def error(self, error: ObeliskError) -> None:
        """Print an error and its hint."""
        self._err.print(f"[red]error:[/] {escape(str(error))}")
        if error.hint:
            self._err.print(f"\n[cyan]hint:[/] {escape(error.hint)}")

    def data(self, text: str) -> None:
        """Print a result on stdout."""
        self._out.print(text)

    def json(self, value: object) -> None:
        """Print a result on stdout for a script to read."""
        self._out.print(json.dumps(value, indent=2, ensure_ascii=False))

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
            self._status = self._err.status(escape(", ".join(self._running)) + " ...")
            self._status.start()
