"""Starting other programs: the only module that does.

Output goes to a log file; what fails is reported with the last lines of it.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from obelisk.errors import ToolError

_TAIL_LINES: Final = 40


class _Children:
    """The programs that run in the background of threads, so that an interrupt can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Note a program that was started; end it at once if all were told to stop."""
        with self._lock:
            self._running.add(process)
            if self.stopped:
                _end(process)

    def remove(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a program that has ended."""
        with self._lock:
            self._running.discard(process)

    def stop(self) -> None:
        """End all, and any that is started before `allow` is called."""
        with self._lock:
            self.stopped = True
            for process in self._running:
                _end(process)

    def allow(self) -> None:
        """Let programs run again."""
        with self._lock:
            self.stopped = False


_children: Final = _Children()


@contextmanager
def working_together(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads; when the work fails or is interrupted, end what its threads run."""
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        yield pool
    except BaseException:
        _children.stop()
        pool.shutdown(cancel_futures=True)
        _children.allow()
        raise
    pool.shutdown()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """What a program left behind."""

    status: int
    stdout: bytes
    stderr: bytes


def run_logged(
    argv: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str],
    what: str,
) -> None:
    """Run a program with its output appended to `log`; raise `ToolError` unless it exits 0.

    `env` is the whole environment. `what` names the work in the message, such as "building zlib".
    """
    words = [str(word) for word in argv]
    with log.open("ab") as stream:
        stream.write(f"$ {shlex.join(words)}\n".encode())
        stream.flush()
        status = _wait(words, cwd, env, stream)
    if status != 0 and _children.stopped:
        message = f"{what} was stopped"
        raise ToolError(message)
    if status != 0:
        message = f"{what} failed: `{words[0]}` {_describe(status)}\n{_tail(log)}"
        raise ToolError(message, hint=f"the whole log is {log}", log=log)


def run_captured(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    what: str,
) -> Finished:
    """Run a program and return its status and output; raise `ToolError` if it cannot be started."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, input=stdin, capture_output=True, check=False
        )
    except OSError as error:
        message = f"{what} failed: cannot start `{words[0]}`: {error.strerror}"
        raise ToolError(message) from error
    return Finished(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def run_watched(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    what: str,
    on_line: Callable[[str], None],
) -> Finished:
    """Run a program that takes long, and hand on every line of its stderr when it comes.

    Raises `ToolError` if it cannot be started. When this is interrupted, the program is ended with
    all that it started.
    """
    words = [str(word) for word in argv]
    process = _start(words, None, env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, what=what)
    lines = []
    with _ended_with_us(process):
        assert process.stderr is not None  # noqa: S101 - for mypy
        for line in process.stderr:
            lines.append(line)
            on_line(line.decode(errors="replace").rstrip())
        status = process.wait()
    return Finished(status=status, stdout=b"", stderr=b"".join(lines))


def run_attached(argv: Sequence[str | Path]) -> int:
    """Run a program on our own terminal and return the exit status a shell would report."""
    with _ignored_interrupt():
        done = subprocess.run([str(word) for word in argv], check=False)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


class _ignored_interrupt:  # noqa: N801 - reads as a statement
    """Leave ctrl-C to the program that owns the terminal meanwhile."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)


def _wait(words: list[str], cwd: Path, env: Mapping[str, str], stream: IO[bytes]) -> int:
    process = _start(words, cwd, env, stdout=stream, stderr=subprocess.STDOUT, what=words[0])
    with _ended_with_us(process):
        return process.wait()


def _start(
    words: list[str],
    cwd: Path | None,
    env: Mapping[str, str],
    *,
    stdout: IO[bytes] | int,
    stderr: int,
    what: str,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that it can be ended with all that it starts."""
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        message = f"{what}: cannot start `{words[0]}`: {error.strerror}"
        raise ToolError(message, hint="is it installed? see the README's prerequisites") from error


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See that an interrupted build does not leave compilers running."""
    _children.add(process)
    try:
        with process:
            try:
                yield
            except BaseException:
                _end(process)
                raise
    finally:
        _children.remove(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it started, which is in a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _describe(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"exited with status {status}"


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line for line in text if not line.startswith("$ ")]
    return "\n".join(lines[-_TAIL_LINES:])
