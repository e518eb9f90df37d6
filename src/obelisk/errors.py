"""Every error that Obelisk reports to a person; each kind has an exit code of its own.

A message names the thing, the fault and the place, without a final period. The hint says what to
do. Only `obelisk.cli` catches these and turns them into an exit status.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_LONGEST_WORD: Final = 100
"""Characters of what may be a misspelt name."""


class ObeliskError(Exception):
    """An expected failure: invalid input, an unreachable server, a failing tool."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(ObeliskError):
    """The configuration, the command line or the entry point is invalid."""

    exit_code = 2


class SourceError(ObeliskError):
    """A pinned archive or an advisory could not be downloaded, or a hash does not match the pin."""

    exit_code = 3


class CollectError(ObeliskError):
    """The application or a dependency could not be resolved, built or read."""

    exit_code = 4


class ToolError(ObeliskError):
    """An external tool failed.

    `log` is the file with its full output, which the hint names; the message has the last lines.
    """

    exit_code = 5

    def __init__(self, message: str, *, hint: str | None = None, log: Path | None = None) -> None:
        super().__init__(message, hint=hint)
        self.log = log

    @property
    def log(self) -> Path | None:
        """Path of the log; set it when the log is moved."""
        return self._log

    @log.setter
    def log(self, path: Path | None) -> None:
        self._log = path
        if path is not None:
            self.hint = f"see the full log: {path}"


class LinkError(ObeliskError):
    """Native code cannot be linked into the executable."""

    exit_code = 6


class VerifyError(ObeliskError):
    """An executable or distribution failed verification."""

    exit_code = 7


class StorageError(ObeliskError):
    """The disk is full, or the output is not writable."""

    exit_code = 8


class LimitError(ObeliskError):
    """The system refused memory, a file descriptor or a process."""

    exit_code = 9


class VulnerableError(ObeliskError):
    """Components have known vulnerabilities."""

    exit_code = 10


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known word, or lists them all."""
    names = sorted(known)
    # The comparison takes a time that grows with the square of the length.
    close = difflib.get_close_matches(word, names, n=1) if len(word) < _LONGEST_WORD else []
    if close:
        return f"did you mean `{close[0]}`?"
    return "choose from " + ", ".join(f"`{name}`" for name in names)


class LicenseError(ObeliskError):
    """A component's license is refused by the policy of `[tool.obelisk.licenses]`."""

    exit_code = 11


class OutdatedError(ObeliskError):
    """An executable contains older releases than Obelisk has."""

    exit_code = 12


class SnapshotError(ObeliskError):
    """The application's memory cannot be kept for its start."""

    exit_code = 13
