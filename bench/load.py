"""Part `load`: a FastAPI service under load: requests a second, and processor time for each."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import OBELISK, VENV
from bench.model import BenchError, Measure
from bench.processes import Command
from bench.session import Session, series_of

_ROUNDS = 5
_SECONDS = 8
_CONNECTIONS = 32
_PATIENCE = 30.0
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_COUNT = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)
_FAILED = re.compile(r"^\s*(Non-2xx.*|Socket errors.*)$", re.MULTILINE)


def measure(session: Session) -> list[Measure]:
    """Start the service by Obelisk and from its venv in turn, and ask it as fast as it answers."""
    commands, reasons = session.commands((OBELISK, VENV), "service")
    rates: dict[str, list[float]] = {name: [] for name in commands}
    costs: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(1 if session.quick else _ROUNDS):
        for name, command in commands.items():
            rate, cost = _ask(session, command, 2 if session.quick else _SECONDS)
            rates[name].append(rate)
            costs[name].append(cost * 1e6)
    case = session.application("service").title
    how = f"wrk, one thread, {_CONNECTIONS} connections, one process of uvicorn with uvloop."
    return [
        Measure(
            name="load.requests",
            title="FastAPI: requests per second",
            unit="1/s",
            higher_is_better=True,
            series=series_of(case, rates, reasons),
            about=how,
        ),
        Measure(
            name="load.processor",
            title="FastAPI: the server's processor time for one request",
            unit="us",
            series=series_of(case, costs, reasons),
            about=how,
        ),
    ]


def _ask(session: Session, command: Command, seconds: int) -> tuple[float, float]:
    """Return requests a second, and the server's seconds of processor time for one of them."""
    with _serving(command) as (pid, port):
        wrk = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"http://127.0.0.1:{port}/items/7?tax=0.07"]
        session.place.run([*wrk, "-d1s"])
        before = _processor_time(pid)
        text = session.place.run([*wrk, f"-d{seconds}s"])
        spent = _processor_time(pid) - before
    rate, count = _RATE.search(text), _COUNT.search(text)
    if failed := _FAILED.search(text):
        message = f"the service failed under load: {failed[1].strip()}"
        raise BenchError(message)
    if rate is None or count is None:
        message = f"wrk said nothing of requests: {text[-200:]}"
        raise BenchError(message)
    return float(rate[1]), spent / int(count[1])


@contextmanager
def _serving(command: Command) -> Iterator[tuple[int, int]]:
    """Run the service on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    argv = [*command.argv]
    if command.root != Path("/"):
        argv = ["chroot", str(command.root), *argv]
    environment = {**command.environment, "BENCH_PORT": str(port)}
    server = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield server.pid, port
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    message = "the service does not listen"
    raise BenchError(message)


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
