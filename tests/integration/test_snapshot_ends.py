"""What a program leaves open at its end is written, whether it started from a snapshot or not."""

import re

import pytest
from support import APPS, run

pytestmark = pytest.mark.compile

SOURCE = (APPS / "snapshot/ends.py").read_text()
ACTIONS = re.findall(r"^def (\w+)\(\):", SOURCE, re.MULTILINE)


@pytest.fixture(scope="module")
def ends(executables):
    return executables("snapshot/ends.py", "--snapshot")


def outcome(executable, folder, action, env):
    """Return how a program ended, and what is then in its folder."""
    folder.mkdir()
    done = run([executable, action], cwd=folder, env=env)
    contents = {}
    for path in sorted(folder.rglob("*")):
        is_dated = path.name in ("database", "shelf")
        contents[path.name] = path.stat().st_size if is_dated else path.read_bytes()
    stderr = re.sub(r"0x[0-9a-f]+", "0x", done.stderr)
    return done.returncode, done.stdout, stderr, contents


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_left_open_is_written(ends, tmp_path, action):
    cold = outcome(ends, tmp_path / "cold", action, {"OBELISK_SNAPSHOT": "0"})
    assert outcome(ends, tmp_path / "restored", action, {}) == cold
