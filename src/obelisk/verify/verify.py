"""The stage `verify`: checks the headers, every byte of the file, and that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.errors import VerifyError
from obelisk.payload.reader import Payload, read_payload
from obelisk.services import host
from obelisk.services.process import run_captured
from obelisk.target import Target
from obelisk.verify.bytewise import Contents, check_digest, read_all
from obelisk.verify.digest import digest_finding, find_digest
from obelisk.verify.elf import Executable, map_file, read_executable
from obelisk.verify.finding import Finding, listed

_REBUILD: Final = "rebuild it, and copy it as a binary file"


def verify(path: Path) -> tuple[Finding, ...]:
    """Check a file's headers, and every byte against its digest, without running it.

    Raises `VerifyError` if it is unreadable or not an Obelisk executable.
    """
    return _verify(path, hashed=False)[0]


def require_sound(path: Path) -> str:
    """Return the SHA-256 of a file; raise a `VerifyError` with the faults that `verify` found."""
    findings, sha256 = _verify(path, hashed=True)
    wrong = [finding for finding in findings if not finding.sound]
    if wrong:
        faults = "\n".join(f"  {finding.what}: {finding.detail}" for finding in wrong)
        message = f"{path} failed verification:\n{faults}"
        raise VerifyError(message, hint=_REBUILD)
    return sha256


def open_payload(path: Path) -> tuple[Executable, Payload]:
    """Read an executable and its payload; raise `VerifyError` if they are corrupt."""
    data = map_file(path)
    try:
        executable = read_executable(data)
        return executable, read_payload(executable.payload)
    except VerifyError as error:
        message = f"{path} is not an Obelisk executable, or is corrupt: {error}"
        raise VerifyError(message, hint=_REBUILD) from error


def smoke_test(path: Path, arguments: tuple[str, ...], target: Target, folder: Path) -> None:
    """Run the executable in an empty folder and environment, if this host can.

    Raises `VerifyError` when it exits with another status than 0.
    """
    if not host.runs(target):
        return
    done = run_captured([path, *arguments], cwd=folder, env={}, what="the smoke test")
    if done.status != 0:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        message = f"smoke test failed: exit status {done.status}\n{output}"
        raise VerifyError(message, hint="the arguments come from `smoke-test`")


def _verify(path: Path, *, hashed: bool) -> tuple[tuple[Finding, ...], str]:
    """Return the findings, and the file's SHA-256 if it is to be `hashed`."""
    data = map_file(path)
    digest = find_digest(data)
    try:
        executable = read_executable(data)
    except VerifyError as error:
        if digest is None:
            message = f"{path} is not an Obelisk executable, or is corrupt: {error}"
            raise VerifyError(message, hint=_REBUILD) from error
        whole = check_digest(data, digest)
        return (whole, Finding(what="headers", sound=False, detail=str(error))), ""
    try:
        payload = read_payload(executable.payload)
    except VerifyError as error:
        whole = check_digest(data, digest)
        found = Finding(what="payload", sound=False, detail=str(error))
        return (whole, *executable.findings, found), ""
    contents = Contents(payload, executable.payload_offset)
    damage = read_all(data, digest, contents, hashed=hashed)
    whole = digest_finding(len(data), digest, damage.parts)
    return (whole, *executable.findings, *_payload_findings(payload, damage.records)), damage.sha256


def _payload_findings(payload: Payload, damaged: list[str]) -> tuple[Finding, ...]:
    unknown = [record.name for record in payload.records if not record.intact]
    return (
        Finding(
            what="index",
            sound=not unknown,
            detail=f"checksum mismatch in {listed(unknown)}"
            if unknown
            else f"{len(payload.records)} records",
        ),
        Finding(
            what="payload",
            sound=not damaged,
            detail=f"checksum mismatch in {listed(damaged)}"
            if damaged
            else f"{len(payload.data)} bytes",
        ),
    )
