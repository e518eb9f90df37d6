"""Builds that are killed at random moments lose nothing, leave nothing and harm nothing."""

import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from obelisk.services.cache import Cache, integrity
from obelisk.services.cache.entries import KINDS

pytestmark = [pytest.mark.compile, pytest.mark.network]
PR_SET_CHILD_SUBREAPER = 36
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
REMADE = ("runtimes", "bytecode", "builders", "prefixes")
"""Kinds that are made anew in seconds, so that builds have work to be killed in."""
SLACK = 1 << 20
"""Bytes that the cache may grow by: records, locks, uv's notes."""


class Site:
    """A cache of its own, and one program that is built again and again."""

    def __init__(self, folder, python):
        self.folder = folder
        self.python = python
        self.cache = folder / "cache"
        self.output = folder / "out/hello"
        header = '# /// script\n# dependencies = ["certifi==2024.7.4"]\n# ///\n'
        (folder / "hello.py").write_text(f"{header}print('hello')\n")
        self._copy(Cache().root)
        started = time.monotonic()
        self.expected = self.build()
        self.cached = time.monotonic() - started
        self.size = self.cache_size()

    def _copy(self, cache):
        # What takes minutes to make, and what the first build would: nobody writes to it in place.
        self.cache.mkdir()
        shutil.copy2(cache / "CACHEDIR.TAG", self.cache)
        for kind in ("distributions", "libraries", "runtimes", "bytecode", "builders"):
            (self.cache / kind).mkdir()
            for entry in (cache / kind).glob("[!.]*"):  # drafts of an older Obelisk stay behind
                there = self.cache / kind / entry.name
                shutil.copytree(entry, there, symlinks=True, copy_function=link_or_copy)

    @property
    def command(self):
        options = ("-q", "-o", str(self.output), "--python", self.python)
        return [sys.executable, "-m", "obelisk", "build", str(self.folder / "hello.py"), *options]

    @property
    def environment(self):
        return os.environ | {"OBELISK_CACHE": str(self.cache)}

    def build(self):
        subprocess.run(
            self.command, env=self.environment, capture_output=True, check=True, timeout=300
        )
        return hashlib.sha256(self.output.read_bytes()).hexdigest()

    def cache_size(self):
        return sum(path.lstat().st_size for path in self.cache.rglob("*") if not path.is_dir())

    def kill(self, number, *, after, group):
        """Start a build, send it or its group a signal, and return its status."""
        with subprocess.Popen(
            self.command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=heed_signals,  # noqa: PLW1509 - it only calls signal(2)
        ) as process:
            time.sleep(after)
            (os.killpg if group else os.kill)(process.pid, number)
            said, _ = process.communicate(timeout=60)
        assert b"Traceback" not in said, said.decode()
        return process.returncode

    def leftovers(self):
        """Drafts in the cache and beside the output."""
        places = [self.cache / "work", self.output.parent, *(self.cache / kind for kind in KINDS)]
        found = [path for place in places if place.is_dir() for path in place.iterdir()]
        return [path for path in found if path.name.startswith(".") or path.parent.name == "work"]


def heed_signals():
    """Undo what a shell does to what it starts in the background."""
    for number in SIGNALS[1:]:
        signal.signal(number, signal.SIG_DFL)


def link_or_copy(source, place):
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:  # it is on another file system
        shutil.copy2(source, place)


@pytest.fixture(scope="module")
def site(tmp_path_factory, executables, python_version):
    executables("hello.py")  # the cache is filled
    return Site(tmp_path_factory.mktemp("killed"), python_version)


@pytest.fixture
def orphans():
    """Have what loses its parent become ours; give what of it still runs."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def running():
        ours = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        for pid in map(int, ours):
            os.waitpid(pid, os.WNOHANG)
        return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()

    yield running
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def await_none(running, seconds=10):
    deadline = time.monotonic() + seconds
    while running() and time.monotonic() < deadline:
        time.sleep(0.02)
    return [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in running()]


def test_killed_builds(campaign, site, orphans):
    attack = campaign("killed builds", part=2, whole=200)
    disturbed = False
    for case in attack.cases:
        random = attack.random(case)
        for kind in random.sample(REMADE, 1 + case % 2):
            shutil.rmtree(site.cache / kind, ignore_errors=True)
        number, group = SIGNALS[case % len(SIGNALS)], random.random() < 0.5
        after = 0.1 + random.random() * site.cached  # what is made anew comes on top
        status = site.kill(number, after=after, group=group)
        assert await_none(orphans) == [], f"case {case}: processes were left"
        attack.saw(f"{number.name} {'group' if group else 'process'}: {outcome(status, number)}")
        disturbed = disturbed or status != 0
        if status in (0, 128 + number):
            assert site.leftovers() == [], f"case {case}: {status}"
        assert site.build() == site.expected, f"case {case}: another executable"
        assert site.leftovers() == [], f"case {case}: the next build left them"
        assert site.cache_size() <= site.size + SLACK, f"case {case}: the cache grew"
    assert disturbed, "all builds had ended before"
    for entry in Cache(site.cache).entries():
        if entry.kind in REMADE:
            integrity.check(entry.path)


def outcome(status, number):
    if status == 0:
        return "had ended before"
    # Before our first line runs, Python has its own handlers, or none.
    assert status in (-number, 128 + number), status
    return "killed" if status == -number else "cleared up and left"
