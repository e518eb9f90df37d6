"""Which format an executable has: ELF, or PE on Windows. Nothing else asks that of a file."""

from __future__ import annotations

import mmap

from obelisk.errors import VerifyError
from obelisk.pe.headers import DOS_MAGIC
from obelisk.verify import elf, pe
from obelisk.verify.executable import Executable, Span
from obelisk.verify.finding import Finding


def read_executable(data: mmap.mmap) -> Executable:
    """Read an executable; raise `VerifyError` for malformed headers, or what is truncated."""
    return pe.read_pe(data) if _is_pe(data) else elf.read_elf(data)


def findings_of(data: mmap.mmap) -> tuple[Finding, ...]:
    """Return what only the headers tell, of a file with parts that cannot be read.

    Raises `VerifyError` for malformed headers.
    """
    return pe.pe_findings(data) if _is_pe(data) else elf.elf_findings(data)


def payload_of(data: mmap.mmap) -> memoryview | None:
    """Return where the payload of an executable is; None for files of another kind."""
    try:
        return pe.pe_payload(data) if _is_pe(data) else elf.elf_payload(data)
    except VerifyError:
        return None


def signed_later(data: mmap.mmap) -> tuple[Span, ...]:
    """Return what a signature that is added later changes, which counts as zero in the digest."""
    return pe.signed_later(data) if _is_pe(data) else ()


def own_end(data: mmap.mmap, end: int) -> int:
    """Return where what Obelisk wrote ends in a file whose digest ends at `end`."""
    return pe.own_end(data, end) if _is_pe(data) else end


def _is_pe(data: mmap.mmap) -> bool:
    return data[: len(DOS_MAGIC)] == DOS_MAGIC
