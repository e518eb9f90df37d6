"""Signals that ask us to end: all as ctrl-C, so that what is half-made is removed.

A second one ends the process at once, unless it comes with the first: a terminal that is closed and
its shell send one each.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TOGETHER: Final = 2.0
"""Seconds."""


class Stopped(KeyboardInterrupt):
    """One of the signals came."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _State:
    """What the handler knows; signals are handled in the main thread only."""

    first = 0.0
    """When the first signal came."""
    deferred = 0
    """How many `deferred` are entered."""
    waiting = 0
    """The signal that came while it was deferred."""


_state: Final = _State()


@contextmanager
def deferred() -> Iterator[None]:
    """Do what must not be torn apart: start a program and note that, clear up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _state.deferred += 1
    try:
        yield
    finally:
        _state.deferred -= 1
        number = 0 if _state.deferred else _state.waiting
        if number:
            _state.waiting = 0
            raise Stopped(number)


@contextmanager
def stopped_by_signals(at_once: Callable[[], None]) -> Iterator[None]:
    """Raise `Stopped` for a signal; after a second one call `at_once` and exit.

    A signal that is ignored, as under `nohup`, stays ignored. One that comes while Python finalises
    an object, where exceptions are only reported, comes again.
    """
    _state.first = 0.0
    report = sys.unraisablehook

    def raise_later(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Stopped):
            report(unraisable)
            return
        _state.first = 0.0
        arguments = (os.getpid(), unraisable.exc_value.number)
        threading.Timer(0.01, os.kill, arguments).start()

    def handle(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not _state.first:
            _state.first = now
            if _state.deferred:
                _state.waiting = number
            else:
                raise Stopped(number)
        elif now - _state.first > _TOGETHER:
            at_once()
            os._exit(128 + number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number, what in before.items() if what not in (signal.SIG_IGN, None)]
    for number in taken:
        signal.signal(number, handle)
    sys.unraisablehook = raise_later
    try:
        yield
    finally:
        sys.unraisablehook = report
        for number in taken:
            signal.signal(number, before[number])
