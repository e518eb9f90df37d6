"""Has the kernel execute programs of another machine by their emulator, while a test runs.

Debian's `qemu-user-static` does so by a service, which containers do not have. See
https://docs.kernel.org/admin-guide/binfmt-misc.html.
"""

import os
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

from support import emulation

REGISTERED = Path("/proc/sys/fs/binfmt_misc")
OPENED_FIRST, KEEP_FIRST_ARGUMENT = "F", "P"
"""The emulator is opened now, so that programs find it in any root folder; and what a program was
called stays its first argument."""


class RefusedError(Exception):
    """The kernel or this container does not let us; says why."""


@contextmanager
def executing(target, folder):
    """Let the kernel execute programs of `target`; `folder` is an empty one."""
    (emulator,) = emulation(target)
    if any(_serves(entry, target) for entry in REGISTERED.glob("*")):
        yield
        return
    # A mount of our own: that of another session may end before this one.
    with _mounted(folder):
        entry = folder / f"obelisk-{target.architecture}-{os.getpid()}"
        flags = OPENED_FIRST + KEEP_FIRST_ARGUMENT
        rule = f":{entry.name}:M::{_escaped(_magic(target))}:{_escaped(_mask())}:{emulator}:{flags}"
        try:
            (folder / "register").write_text(rule)
        except OSError as error:
            message = f"binfmt_misc takes no emulator: {error}"
            raise RefusedError(message) from error
        try:
            yield
        finally:
            entry.write_text("-1")


@contextmanager
def _mounted(folder):
    argv = ["mount", "-t", "binfmt_misc", "none", folder]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"binfmt_misc cannot be mounted: {done.stderr.strip()}"
        raise RefusedError(message)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def _serves(entry, target):
    if entry.name in ("register", "status"):
        return False
    lines = dict(line.partition(" ")[::2] for line in entry.read_text().splitlines())
    is_complete = KEEP_FIRST_ARGUMENT in lines.get("flags:", "")
    return "enabled" in lines and is_complete and lines.get("magic") == _magic(target).hex()


def _magic(target):
    """The first 20 bytes of the machine's executables."""
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 2, target.elf_number)


def _mask():
    """Any system's ABI; position-independent or not."""
    return b"\xff" * 7 + b"\0" + b"\xff" * 8 + b"\xfe" + b"\xff" * 3


def _escaped(data):
    return "".join(f"\\x{byte:02x}" for byte in data)
