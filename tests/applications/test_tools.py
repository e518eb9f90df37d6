"""Tools that people use, beside the shells, repositories and Pythons that these need."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import pytest
from support import in_root

pytestmark = [pytest.mark.compile, pytest.mark.network, pytest.mark.application]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def get_when_up(address):
    for _ in range(300):
        try:
            return get(address)
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    return get(address)


@contextmanager
def started(argv, **options):
    """Run a server until the block ends."""
    process = subprocess.Popen(
        list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


class Machine:
    """A user's home and working folder, and the programs of this machine."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.work = folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        # Not the environment of the tests' own Python.
        own = str(Path(sys.executable).parent)
        paths = [path for path in os.environ["PATH"].split(":") if path != own]
        self.env = {"HOME": str(self.home), "PATH": ":".join(paths), "NO_COLOR": "1"}

    def run(self, *argv, status=0, **env):
        done = subprocess.run(
            list(map(str, argv)),
            cwd=self.work,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def repository(machine):
    """A git repository with one file to commit."""
    machine.run("git", "init", "-q", ".")
    for name, value in (("user.name", "Stone"), ("user.email", "stone@example.org")):
        machine.run("git", "config", name, value)
    (machine.work / "stone.txt").write_text("granite\n")
    machine.run("git", "add", ".")
    return machine


def test_mercurial_serves_a_repository_in_an_empty_root(executables, tmp_path):
    hg = executables("mercurial", "--script", "hg", what="mercurial==7.2.4")
    root = tmp_path / "root"
    (root / "tmp/stones").mkdir(parents=True)
    (root / "tmp/stones/granite.txt").write_text("grey\n")
    shutil.copy(hg, root / "hg")

    def run(*arguments):
        argv = in_root(root, "/hg", "--cwd", "/tmp/stones", *arguments)
        done = subprocess.run(
            argv, capture_output=True, text=True, env={"HOME": "/tmp"}, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init")
    run("commit", "--addremove", "--message", "first stones", "--user", "stone")
    assert "first stones" in run("log")
    port = free_port()
    argv = in_root(root, "/hg", "--cwd", "/tmp/stones", "serve", "--port", port)
    with started(argv, env={"HOME": "/tmp"}):
        address = f"http://127.0.0.1:{port}"
        assert "first stones" in get_when_up(f"{address}/")
        assert len(get(f"{address}/static/style-paper.css")) > 1000
        assert len(get(f"{address}/static/mercurial.js")) > 1000
        assert get(f"{address}/raw-file/tip/granite.txt") == "grey\n"


def test_precommit_is_a_hook_of_git(executables, repository):
    tool = executables("pre-commit", what="pre-commit==4.7.0")
    (repository.work / ".pre-commit-config.yaml").write_text(
        "repos:\n- repo: local\n  hooks:\n"
        "  - {id: no-marble, name: no marble, language: pygrep, entry: marble, files: stone}\n"
    )
    assert "pre-commit installed" in repository.run(tool, "install")
    repository.run("git", "add", ".")
    assert "no marble" in repository.run("git", "commit", "-m", "granite")
    (repository.work / "stone.txt").write_text("marble\n")
    refused = repository.run("git", "commit", "-a", "-m", "marble", status=1)
    assert "stone.txt:1:marble" in refused


def test_virtualenv_makes_an_environment_of_a_foreign_python(executables, machine):
    tool = executables("virtualenv", what="virtualenv==21.15.11")
    machine.run(tool, "--python", sys.executable, "env")
    python = machine.work / "env/bin/python"
    code = "import pip, sys; print(sys.prefix, sys.version_info[:2])"
    expected = f"{machine.work / 'env'} {sys.version_info[:2]}\n"
    assert machine.run(python, "-c", code) == expected
    assert machine.run(machine.work / "env/bin/pip", "--version").startswith("pip ")


def test_tox_tests_with_a_foreign_python(executables, machine):
    tool = executables("tox", what="tox==4.67.15")
    (machine.work / "tox.ini").write_text(
        "[tox]\nenv_list = stones\n[testenv]\nskip_install = true\n"
        f"base_python = {sys.executable}\n"
        "commands = python -c 'import sys; print(\"in\", sys.prefix)'\n"
    )
    shown = machine.run(tool, "-e", "stones")
    assert f"in {machine.work}/.tox/stones" in shown
    assert "stones: OK" in shown


PLAYBOOK = """\
- hosts: localhost
  gather_facts: true
  vars: {stones: [granite, basalt]}
  tasks:
  - template: {src: stones.j2, dest: stones.txt}
  - command: sort stones.txt
    register: sorted
  - debug: {msg: "{{ sorted.stdout_lines | join(' ') }} on {{ ansible_facts.system }}"}
"""


def test_ansible_pings_and_plays(executables, machine):
    requirement = {"what": "ansible-core==2.21.5"}
    ping = executables("ansible-core", "--script", "ansible", **requirement)
    assert '"ping": "pong"' in machine.run(ping, "localhost", "-m", "ping")
    play = executables("ansible-core", "--script", "ansible-playbook", **requirement)
    (machine.work / "stones.j2").write_text("{% for s in stones %}{{ s }}\n{% endfor %}")
    (machine.work / "play.yml").write_text(PLAYBOOK)
    shown = machine.run(play, "play.yml")
    assert "basalt granite on Linux" in shown
    assert "failed=0" in shown


NOTEBOOK = """\
{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec":
 {"name": "python3", "display_name": "Python 3", "language": "python"}}, "cells": [
 {"cell_type": "code", "id": "a", "execution_count": null, "metadata": {}, "outputs": [],
  "source": "import stones\\nprint('the answer', stones.WEIGHT)"}]}
"""


def test_nbconvert_executes_a_notebook(executables, machine, tmp_path):
    kernel = tmp_path / "requirements.txt"
    kernel.write_text("ipykernel==7.4.0\n")
    options = ("--script", "jupyter-nbconvert", "-r", str(kernel))
    tool = executables("nbconvert", *options, what="nbconvert==7.17.2")
    (machine.work / "stones.ipynb").write_text(NOTEBOOK)
    (machine.work / "stones.py").write_text("WEIGHT = 36\n")
    machine.run(tool, "--to", "html", "--execute", "stones.ipynb")
    assert "the answer 36" in (machine.work / "stones.html").read_text()


def test_pgcli_asks_a_database(executables, tmp_path, postgres, terminal):
    library = tmp_path / "requirements.txt"
    library.write_text("psycopg[binary]\n")
    tool = executables("pgcli", "-r", str(library), what="pgcli==4.7.1")
    env = ["env", "-i", f"HOME={tmp_path}", "TERM=screen", "PAGER=cat", "LANG=C.UTF-8"]
    screen = terminal([*env, tool, postgres])
    screen.wait_for("postgres>")
    screen.press("select 6 * 7 as answer", "Enter")
    screen.wait_for("| 42 ")
    screen.press("\\q", "Enter")
    screen.wait_for("ended 0")


def page_of(port):
    """What streamlit's page shows: the bytes of the messages of one session (RFC 6455)."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(
            b"GET /_stcore/stream HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: c3RvbmVzc3RvbmVzc3RvbQ==\r\n\r\n" % port
        )
        shown = b""
        while b"\r\n\r\n" not in shown:
            shown += connection.recv(1)
        # A masked binary message: BackMsg{rerun_script: {}}.
        connection.sendall(bytes([0x82, 0x82, 0, 0, 0, 0, 0x5A, 0x00]))
        connection.settimeout(10)
        while b"the stone is" not in shown:
            try:
                shown += connection.recv(65536)
            except TimeoutError:
                break
        return shown


def test_streamlit_shows_a_page_and_follows_its_script(executables, tmp_path):
    tool = executables("streamlit", what="streamlit==1.67.0")
    root = tmp_path / "root"
    (root / "tmp").mkdir(parents=True)
    shutil.copy(tool, root / "streamlit")
    script = root / "tmp/page.py"
    script.write_text("import streamlit\nstreamlit.write('the stone is granite')\n")
    port = free_port()
    argv = in_root(root, "/streamlit", "run", "/tmp/page.py", "--server.port", port)
    # Without a browser to open it asks nothing.
    with started([*argv, "--server.headless", "true"], env={"HOME": "/tmp"}):
        assert "<title>Streamlit</title>" in get_when_up(f"http://127.0.0.1:{port}/")
        assert b"the stone is granite" in page_of(port)
        script.write_text("import streamlit\nstreamlit.write('the stone is basalt')\n")
        for _ in range(20):
            shown = page_of(port)
            if b"the stone is basalt" in shown:
                break
            time.sleep(0.5)
        assert b"the stone is basalt" in shown
