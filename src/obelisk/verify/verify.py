"""The stage `verify`: checks the headers, every byte of the file, and that it runs."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.errors import VerifyError
from obelisk.payload.reader import Payload, read_payload
from obelisk.services import host
from obelisk.services.process import run_captured
from obelisk.target import Target
from obelisk.verify.builder import Builder
from obelisk.verify.bytewise import Contents, check_digest, read_all
from obelisk.verify.digest import Digest, digest_finding, find_digest, trailing_finding
from obelisk.verify.executable import Executable, map_file, unreadable
from obelisk.verify.finding import Finding, judged, listed
from obelisk.verify.inventory import inventory_findings
from obelisk.verify.promise import Promise
from obelisk.verify.read import findings_of, own_end, read_executable, signed_later
from obelisk.verify.traces import trace_findings

_REBUILD: Final = "rebuild it, and copy it as a binary file"
_ORDER: Final = {promise: number for number, promise in enumerate(Promise)}
NOBODY: Final = Builder()
"""Whom only what no executable has tells of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """A file that was read, as far as that was possible."""

    data: mmap.mmap
    digest: Digest | None
    findings: tuple[Finding, ...]
    sha256: str = ""
    """Of the whole file, if that was asked for."""
    executable: Executable | None = None
    payload: Payload | None = None


def verify(path: Path, builder: Builder = NOBODY) -> tuple[Finding, ...]:
    """Check all promises of an executable, without running it.

    `builder` is whom and what nothing inside must name. Raises `VerifyError` if the file is
    unreadable or not an Obelisk executable.
    """
    read = _read(path, hashed=False)
    executable, payload = read.executable, read.payload
    if executable is None:
        return read.findings
    findings = [*read.findings, *executable.check_code()]
    if payload is not None:
        findings += inventory_findings(payload, executable)
        findings += trace_findings(read.data, read.digest, executable, payload, builder)
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.promise]))


def require_sound(path: Path) -> str:
    """Return the SHA-256 of a file; raise a `VerifyError` if it is corrupt or not hardened."""
    read = _read(path, hashed=True)
    wrong = [finding for finding in read.findings if not finding.sound]
    if wrong:
        faults = "\n".join(f"  {finding.what}: {finding.detail}" for finding in wrong)
        message = f"{path} failed verification:\n{faults}"
        raise VerifyError(message, hint=_REBUILD)
    return read.sha256


def open_payload(path: Path) -> tuple[Executable, Payload]:
    """Read an executable and its payload; raise `VerifyError` if they are corrupt."""
    data = map_file(path)
    try:
        executable = read_executable(data)
        return executable, read_payload(executable.payload)
    except VerifyError as error:
        raise _not_ours(path, error) from error


def smoke_test(path: Path, arguments: tuple[str, ...], target: Target, folder: Path) -> bool:
    """Run the executable in an empty folder and environment; return False if this host cannot.

    Raises `VerifyError` when it exits with another status than 0.
    """
    if not host.runs(target):
        return False
    done = run_captured([path, *arguments], cwd=folder, env={}, what="the smoke test")
    if done.status != 0:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        message = f"smoke test failed: exit status {done.status}\n{output}"
        raise VerifyError(message, hint="the arguments come from `smoke-test`")
    return True


def _not_ours(path: Path, error: VerifyError) -> VerifyError:
    message = f"{path} is not an Obelisk executable, or is corrupt: {error}"
    return VerifyError(message, hint=_REBUILD)


def _read(path: Path, *, hashed: bool) -> _Read:
    """Read a file as far as it can be, and hash the whole of it if it is to be `hashed`."""
    data = map_file(path)
    digest = find_digest(data)
    try:
        executable = read_executable(data)
    except VerifyError as error:
        return _read_broken(path, data, digest, error)
    trailing = trailing_finding(len(data), own_end(data, digest.end) if digest else None)
    try:
        payload = read_payload(executable.payload)
    except VerifyError as error:
        found = Finding(promise=Promise.PAYLOAD, sound=False, detail=str(error))
        whole = check_digest(data, digest, signed_later(data))
        findings = (whole, *trailing, *executable.findings, *executable.check_whole(), found)
        return _Read(data=data, digest=digest, findings=findings, executable=executable)
    contents = Contents(payload, executable.payload_offset)
    damage = read_all(data, digest, contents, signed_later(data), hashed=hashed)
    whole = digest_finding(digest, damage.parts)
    of_payload = _payload_findings(payload, damage.records)
    return _Read(
        data=data,
        digest=digest,
        findings=(
            *(whole, *trailing, *executable.findings),
            *(*executable.check_whole(), *of_payload),
        ),
        sha256=damage.sha256,
        executable=executable,
        payload=payload,
    )


def _read_broken(path: Path, data: mmap.mmap, digest: Digest | None, error: VerifyError) -> _Read:
    """Say what is wrong with a file whose headers or payload cannot be read.

    Raises `VerifyError` if nothing says that it is one of ours.
    """
    try:
        of_headers = findings_of(data)
    except VerifyError as fault:
        of_headers = (unreadable(fault),)
    truncated = any(f.promise == Promise.BOUNDS and not f.sound for f in of_headers)
    ours = truncated and not any(
        f.promise == Promise.PAYLOAD_SEGMENT and not f.sound for f in of_headers
    )
    if digest is None and not ours:
        raise _not_ours(path, error)
    whole = check_digest(data, digest, signed_later(data))
    return _Read(data=data, digest=digest, findings=(whole, *of_headers))


def _payload_findings(payload: Payload, damaged: list[str]) -> tuple[Finding, ...]:
    unknown = [record.name for record in payload.records if not record.intact]
    corrupt = "checksum mismatch in "
    return (
        judged(
            Promise.INDEX,
            [corrupt + listed(unknown)] if unknown else [],
            f"{len(payload.records)} records",
        ),
        judged(
            Promise.PAYLOAD,
            [corrupt + listed(damaged)] if damaged else [],
            f"{len(payload.data)} bytes",
        ),
    )
