"""The stage `verify`: is the file what it must be, is its payload intact, does it run."""

from __future__ import annotations

import platform
from pathlib import Path

from obelisk.errors import VerifyError
from obelisk.payload import Payload, read_payload
from obelisk.process import run_captured
from obelisk.target import Target
from obelisk.verify.elf import Executable, read_executable
from obelisk.verify.finding import Finding


def verify(path: Path) -> tuple[Finding, ...]:
    """Check a file and every byte of its payload, without running it.

    Raises `VerifyError` when it is not an executable of Obelisk at all, or its tables are damaged.
    """
    executable = read_executable(path)
    payload = _payload_of(executable, path)
    records = (*payload.modules, *payload.files)
    damaged = [record.name for record in records if not payload.intact(record)]
    return (
        *executable.findings,
        Finding(what="index intact", sound=payload.index_intact, detail=f"{len(records)} records"),
        Finding(
            what="payload intact",
            sound=not damaged,
            detail=", ".join(damaged[:5]) or f"{len(payload.data)} bytes",
        ),
    )


def require_sound(path: Path) -> None:
    """Raise `VerifyError` that names what `verify` found to be wrong."""
    wrong = [finding for finding in verify(path) if not finding.sound]
    if wrong:
        listed = "\n".join(f"  {finding.what}: {finding.detail}" for finding in wrong)
        message = f"{path} is damaged or not as it must be:\n{listed}"
        raise VerifyError(message, hint="build it again, and copy it as a binary file")


def open_payload(path: Path) -> tuple[Executable, Payload]:
    """Read an executable and its payload; raise `VerifyError` when they are damaged."""
    executable = read_executable(path)
    return executable, _payload_of(executable, path)


def smoke_test(path: Path, arguments: tuple[str, ...], target: Target, folder: Path) -> None:
    """Run the executable in an empty folder and environment, if this host can.

    Raises `VerifyError` when it exits with another status than 0.
    """
    host = platform.uname()
    if not target.runs_here(host.machine, host.system):
        return
    done = run_captured([path, *arguments], cwd=folder, env={}, what="the smoke test")
    if done.status != 0:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        message = f"the smoke test exited with status {done.status}\n{output}"
        raise VerifyError(message, hint="`smoke-test` sets its arguments")


def _payload_of(executable: Executable, path: Path) -> Payload:
    try:
        return read_payload(executable.payload)
    except VerifyError as error:
        message = f"{path} is damaged: {error}"
        raise VerifyError(message, hint="build it again, and copy it as a binary file") from error
