"""Child processes, each in its own session: they end when we do, however we end.

An interrupted build ends them itself. For one that is killed, a watcher does: a shell that waits
until the pipe from us is closed, and then ends those that it was told of.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from typing import Final

GRACE: Final = 3.0
"""Seconds that a program has to exit after SIGTERM."""
_WATCHER: Final = """
cd /
{
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
} <&3 &
"""
"""In the background, so that it is no child of the program that `obelisk run` turns into."""


class Children:
    """The programs that run now, also in the background of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._watcher: int | None = None
        self.stopped = False

    def watch(self) -> None:
        """Start the watcher, which takes longer than a program may last."""
        with self._lock:
            if self._watcher is None:
                self._watcher = _start_watcher()

    def add(self, group: int) -> None:
        """Add a started program; end it immediately if all were told to stop."""
        with self._lock:
            self._running.add(group)
            self._tell(f"+ {group}\n")
            if self.stopped:
                send(group, signal.SIGTERM)

    def remove(self, group: int) -> None:
        """Remove a program that has exited."""
        with self._lock:
            self._running.discard(group)
            self._tell(f"- {group}\n")

    def stop(self) -> None:
        """End all, and any that is started before `allow` is called."""
        with self._lock:
            self.stopped = True
            told = set(self._running)
        for group in told:
            send(group, signal.SIGTERM)
        threading.Thread(target=self._kill_later, args=(told,), daemon=True).start()

    def allow(self) -> None:
        """Let programs run again."""
        with self._lock:
            self.stopped = False

    def kill(self) -> None:
        """Kill all immediately; for a process that exits itself, maybe within another call here."""
        for group in tuple(self._running):
            send(group, signal.SIGKILL)

    def _kill_later(self, groups: set[int]) -> None:
        until = time.monotonic() + GRACE
        while groups & self._running and time.monotonic() < until:
            time.sleep(0.05)
        for group in groups & self._running:
            send(group, signal.SIGKILL)

    def _tell(self, line: str) -> None:
        if self._watcher is not None:
            with suppress(OSError):
                os.write(self._watcher, line.encode())


def send(group: int, number: int) -> None:
    """Send a signal to a program and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _start_watcher() -> int:
    """Start the watcher and return the end of the pipe that keeps it waiting; -1 without one."""
    try:
        reads, writes = os.pipe()
    except OSError:
        return -1
    null = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    streams = [(os.POSIX_SPAWN_DUP2, reads, 3), null, (os.POSIX_SPAWN_DUP2, 1, 2)]
    argv = ["sh", "-c", _WATCHER]
    try:
        shell = os.posix_spawn("/bin/sh", argv, {}, file_actions=streams, setsid=True)
        os.waitpid(shell, 0)
    except OSError:
        os.close(writes)
        return -1
    finally:
        os.close(reads)
    return writes
