"""Programs in a terminal: the fixture `terminal`."""

import shutil
import subprocess
import time
from shlex import join

import pytest


class Terminal:
    """A program in a terminal of tmux, with a server of its own."""

    def __init__(self, folder, argv):
        if not shutil.which("tmux"):
            pytest.skip("tmux is not installed")
        self.tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        command = f"{join(map(str, argv))}; echo ended $?; exec sleep 600"
        self.call("new-session", "-d", "-x", "80", "-y", "24", command)

    def call(self, *words):
        done = subprocess.run([*self.tmux, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def press(self, *keys):
        self.call("send-keys", *keys)

    def wait_for(self, text):
        for _ in range(300):
            shown = self.call("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"{text!r} is not on the screen:\n{shown}")

    def close(self):
        self.call("kill-server")


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_terminal(argv):
        opened.append(Terminal(tmp_path, argv))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()
