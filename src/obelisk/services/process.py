"""Starting other programs: the only module that does.

Output goes to a log file; failures are reported with its last lines.
"""

from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn

from obelisk.errors import ToolError
from obelisk.services.children import GRACE, Children, send
from obelisk.services.disk import explain_failure, limit_of
from obelisk.services.interrupt import deferred

STOPPING: Final = 10.0
"""Seconds that a program has to end after it was told to, as by ctrl-C."""
_TAIL_LINES: Final = 40
_PAUSE: Final = 0.01
"""Seconds between two checks of a program that is waited for."""


_children: Final = Children()


def is_stopping() -> bool:
    """Return whether work in threads was told to stop."""
    return _children.stopped


def kill_all() -> None:
    """End all programs at once."""
    _children.kill()


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
    """The result of a program."""

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
    if status == 0:
        return
    if _children.stopped:
        message = f"{what} was interrupted"
        raise ToolError(message)
    tail = _tail(log)
    _raise_if_full(what, status, tail, (cwd, log.parent))
    message = f"{what} failed: `{words[0]}` {_describe(status)}\n{tail}"
    raise ToolError(message, log=log)


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
    gives = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    streams = (gives, subprocess.PIPE, subprocess.PIPE)
    process = _start(words, cwd, env, streams=streams, what=what)
    with _ended_with_us(process):
        stdout, stderr = process.communicate(stdin)
    return Finished(status=process.returncode, stdout=stdout, stderr=stderr)


def run_watched(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    what: str,
    on_line: Callable[[str], None],
    writes: tuple[Path, ...] = (),
) -> Finished:
    """Run a program that takes long, and hand on every line of its stderr when it comes.

    Raises `ToolError` if it cannot be started, and `StorageError` if it fails because a disk is
    full: of the folders that it `writes` to. When this is interrupted, the program is ended with
    all that it started.
    """
    words = [str(word) for word in argv]
    streams = (subprocess.DEVNULL, subprocess.DEVNULL, subprocess.PIPE)
    process = _start(words, None, env, streams=streams, what=what)
    lines = []
    with _ended_with_us(process):
        assert process.stderr is not None  # noqa: S101 - for mypy
        for line in process.stderr:
            lines.append(line)
            on_line(line.decode(errors="replace").rstrip())
        status = process.wait()
    stderr = b"".join(lines)
    if status != 0:
        _raise_if_full(what, status, stderr.decode(errors="replace"), writes)
    return Finished(status=status, stdout=b"", stderr=stderr)


def run_limited(  # noqa: PLR0913 - where it runs, what it reads and writes, and for how long
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: Path,
    seconds: float,
    what: str,
    stdin: Path = Path(os.devnull),
    until: Callable[[], bool] | None = None,
) -> int | None:
    """Run a program with its output in a file, and end all that it leaves running.

    `until` is called again and again while it runs. When it returns true, the program is told to
    end, as by ctrl-C, and has `STOPPING` seconds for that. Returns its status, or None if it had
    to be ended after some seconds. Raises `ToolError` if it cannot be started.
    """
    words = [str(word) for word in argv]
    hearing = nullcontext() if until is None else _hearing_ctrl_c()
    with stdin.open("rb") as given, output.open("wb") as stream:
        streams = (given, stream, subprocess.STDOUT)
        with hearing:
            process = _start(words, cwd, env, streams=streams, what=what)
        with _ended_with_us(process):
            in_time = _wait_until_ended(process.pid, time.monotonic() + seconds, until)
            # It is not reaped yet, so the group is still its own.
            send(process.pid, signal.SIGKILL)
            status = process.wait()
    return status if in_time else None


def _wait_until_ended(pid: int, end: float, until: Callable[[], bool] | None) -> bool:
    """Wait for a program without reaping it; return whether it ended in time."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, pid, options) is None:
        if time.monotonic() > end:
            return False
        if until is not None and until():
            send(pid, signal.SIGINT)
            until, end = None, time.monotonic() + STOPPING
        time.sleep(_PAUSE)
    return True


@contextmanager
def _hearing_ctrl_c() -> Iterator[None]:
    """Let a program that is started hear ctrl-C, also if we ignore it in a shell's background.

    What is ignored stays ignored there, and what is handled has its default.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def replace_us(argv: Sequence[str | Path]) -> NoReturn:
    """Run a program in our place: signals, terminal and exit status are its own.

    Raises `ToolError` if it cannot be started.
    """
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    words = [str(word) for word in argv]
    try:
        os.execv(words[0], words)  # noqa: S606 - no shell is the point
    except OSError as error:
        message = f"cannot start `{words[0]}`: {error.strerror}"
        hint = _hint(error, "its file system may be mounted `noexec`")
        raise ToolError(message, hint=hint) from error


def _hint(error: OSError, otherwise: str) -> str:
    if error.errno == errno.ENOEXEC:
        emulated = "by QEMU (`qemu-user-static`), or register that in the kernel (`binfmt_misc`)"
        return f"if it is for another machine, run it there or {emulated}"
    return otherwise


def _wait(words: list[str], cwd: Path, env: Mapping[str, str], stream: IO[bytes]) -> int:
    streams = (subprocess.DEVNULL, stream, subprocess.STDOUT)
    process = _start(words, cwd, env, streams=streams, what=words[0])
    with _ended_with_us(process):
        return process.wait()


def _start(
    words: list[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    *,
    streams: tuple[IO[bytes] | int, IO[bytes] | int, int],
    what: str,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that it can be ended with all that it starts."""
    try:
        with deferred():
            _children.watch()
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=None if env is None else dict(env),
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                start_new_session=True,
            )
            _children.add(process.pid)
            return process
    except OSError as error:
        refused = limit_of(error)
        if refused is not None:
            raise refused from error
        message = f"{what}: cannot start `{words[0]}`: {error.strerror}"
        installed = "check that it is installed; the README lists the prerequisites"
        raise ToolError(message, hint=_hint(error, installed)) from error


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Make sure that an interrupted build does not leave compilers running."""
    try:
        with process:
            try:
                yield
            except BaseException:
                _end(process)
                raise
    finally:
        _children.remove(process.pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it started, by SIGTERM first."""
    send(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    send(process.pid, signal.SIGKILL)


def _raise_if_full(what: str, status: int, output: str, folders: tuple[Path, ...]) -> None:
    """Raise `StorageError` when a failure is a full disk's and not the tool's."""
    full = explain_failure(what, status, output, folders)
    if full is not None:
        raise full


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by signal {-status}"
    return f"exited with status {status}"


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line for line in text if not line.startswith("$ ")]
    return "\n".join(lines[-_TAIL_LINES:])
