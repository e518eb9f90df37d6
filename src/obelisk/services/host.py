"""The host: the only module that checks which machine this is."""

from __future__ import annotations

import os
import platform
import pwd
import sys

from obelisk.errors import ToolError
from obelisk.target import TARGETS, Target


def jobs() -> int:
    """Return how many processes that compute to run at once."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def own_target() -> Target:
    """Return the target whose executables run here; raise `ToolError` when there is none."""
    found = next((target for target in TARGETS.values() if runs(target)), None)
    if found is None:
        host = platform.uname()
        message = f"no target is for this machine: {host.system} on {host.machine}"
        raise ToolError(message, hint=f"build on a machine for one of: {', '.join(TARGETS)}")
    return found


def runs(target: Target) -> bool:
    """Return whether executables for this target run here."""
    host = platform.uname()
    return target.runs_on(host.machine, host.system)


def name() -> str:
    """Return the name of this machine in its network."""
    return platform.node()


def user() -> str:
    """Return the name of the user that this process runs as; empty if the system knows none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
