"""The host: the only module that checks which machine this is."""

from __future__ import annotations

import os
import platform
import sys

from obelisk.target import Target


def jobs() -> int:
    """Return how many processes that compute to run at once."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def runs(target: Target) -> bool:
    """Return whether executables for this target run here."""
    host = platform.uname()
    return target.runs_on(host.machine, host.system)
