"""Locks of libc under threads of Python and of native code: no wake-up is lost.

Ten minutes of it belong to `make attack`; `OBELISK_ATTACK_SECONDS` says how many seconds else.
"""

import os
import subprocess
from pathlib import Path

import pytest
from campaigns import WHOLE
from support import APPS, expected

pytestmark = [pytest.mark.compile, pytest.mark.network]

SECONDS = int(os.environ.get("OBELISK_ATTACK_SECONDS", "600"))


@pytest.mark.skipif(not WHOLE, reason="ten minutes of all processors are for `make attack`")
def test_threads_of_all_kinds_get_on(executables, tmp_path):
    argv = [executables("threads.py"), str(SECONDS)]
    with Path(tmp_path / "counts").open("w") as counts:
        done = subprocess.run(
            argv,
            cwd=tmp_path,
            env={},
            stdout=subprocess.PIPE,
            stderr=counts,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + (tmp_path / "counts").read_text()
    assert done.stdout.splitlines() == expected(APPS / "threads.py")
