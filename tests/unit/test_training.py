import sys
import time
from pathlib import Path

import pytest

from obelisk.config.training import parse_commands
from obelisk.errors import ConfigError, VerifyError
from obelisk.pack.first_use import _noted, read_record, train, write_record
from obelisk.services.process import run_limited


def noted(table, key):
    return bytes([table]) + len(key).to_bytes(2, "little") + key


def test_arguments_are_split_as_a_shell_does():
    assert parse_commands(["", "--name 'a b' -v"]) == [[], ["--name", "a b", "-v"]]
    with pytest.raises(ConfigError, match="cannot split"):
        parse_commands(["'a"])


def test_notes_of_a_run_become_keys_and_half_a_note_is_none():
    data = noted(0, b"lib/p\0a.py") + noted(2, b"settings") + noted(1, b"\0top.txt")
    found = ["code lib/p/a.py", "file top.txt"]
    assert list(_noted(data)) == found
    assert list(_noted(data + noted(0, b"p\0b.py")[:2])) == found


def test_a_record_is_read_as_it_was_written(tmp_path):
    keys = ("code lib/a.py", "file b c.txt")
    write_record(keys, tmp_path / "record")
    assert read_record(tmp_path / "record") == keys


@pytest.mark.parametrize("data", [b"", b"code a.py\n", b"\xff", b"# Obelisk: other\n"])
def test_what_is_no_record_is_refused(tmp_path, data):
    (tmp_path / "record").write_bytes(data)
    with pytest.raises(ConfigError, match="record"):
        read_record(tmp_path / "record")
    with pytest.raises(ConfigError, match="record"):
        read_record(tmp_path)


def program(folder, text):
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_run_that_fails_is_an_error_that_shows_what_it_said(tmp_path):
    failing = program(tmp_path, "import sys; print('no such host'); sys.exit(3)")
    with pytest.raises(VerifyError, match=r"`program -x` exited with status 3\nno such host"):
        train(failing, [["-x"]], folder=tmp_path, log=tmp_path / "log")


def test_what_does_not_end_is_ended_with_all_that_it_started(tmp_path):
    """Also what left its parent: the group is known until the parent is reaped."""
    text = (
        "import os, sys, time\n"
        "pid = os.fork()\n"
        "if pid: print(pid, flush=True)\n"
        "if pid == 0 or sys.argv[1] == 'hang': time.sleep(1000)\n"
    )
    for how, status in (("hang", None), ("leave", 0)):
        output = tmp_path / "output"
        found = run_limited(
            [program(tmp_path, text), how],
            cwd=tmp_path,
            env={},
            output=output,
            seconds=2,
            what="a run",
        )
        assert found == status
        assert not is_running(int(output.read_text()))


def is_running(pid):
    """Whether a process still runs a moment after it was told to end."""
    path, until = Path(f"/proc/{pid}/stat"), time.monotonic() + 10
    while time.monotonic() < until:
        if not path.exists() or path.read_text().rpartition(")")[2].split()[0] in "ZX":
            return False
        time.sleep(0.05)
    return True
