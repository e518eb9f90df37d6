"""A service from its start to the first request that it answered."""

from __future__ import annotations

import os
import signal
import socket
import time

from bench.processes import Run

_PATIENCE = 30.0
_PAUSE = 0.0002
"""Seconds between attempts to connect."""
_REQUEST = b"GET /items/7?tax=0.07 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


def to_first_answer(argv: tuple[str, ...], environment: dict[str, str]) -> Run:
    """Start a service, ask it until it answers, and end it; its time ends with the answer.

    Raises `OSError` if it does not answer well.
    """
    port = _free_port()
    variables = {**environment, "BENCH_PORT": str(port)}
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    started = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, variables, file_actions=actions)
    try:
        answer = _ask(port, pid, started + _PATIENCE)
        ended = time.perf_counter()
    finally:
        os.kill(pid, signal.SIGTERM)
        _, _, usage = os.wait4(pid, 0)
    is_fine = answer.startswith(b"HTTP/1.1 200 ") and b'"item 7"' in answer
    return Run(
        wall=ended - started,
        first=ended - started,
        processor=usage.ru_utime + usage.ru_stime,
        status=0 if is_fine else 1,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(port: int, pid: int, ends: float) -> bytes:
    while time.perf_counter() < ends and os.waitid(os.P_PID, pid, _LOOK) is None:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) != 0:
                time.sleep(_PAUSE)
                continue
            connection.sendall(_REQUEST)
            return b"".join(iter(lambda: connection.recv(65536), b""))
    message = "the service does not answer"
    raise OSError(0, message)


_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""Whether the service has ended; what is asked does not make it go away."""
