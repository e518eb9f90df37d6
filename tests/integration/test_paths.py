"""Paths below the executable mean what they would mean if it were a folder on a read-only disk.

Random calls are made in two worlds at once, see apps/paths/app.py.
"""

import errno
import json
import os
import random
import shutil
import subprocess

import pytest
from campaigns import SEED, WHOLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seccomp import refuser
from support import APPS, expected, obelisk

pytestmark = [pytest.mark.compile, pytest.mark.network]

NAMES = ["a", "b", "c.txt", "d e", "ü", "Z" * 40, "-", "e.tar.gz", "f.json", "g"]


def write_tree(folder, chance, depth=0):
    """Write a few files into a folder and those below it."""
    folder.mkdir()
    names = chance.sample(NAMES, chance.randint(3, 6))
    for name in names[: 1 if depth == 3 else 3]:
        (folder / name).write_bytes(chance.randbytes(chance.choice([0, 1, 7, 4096, 70_000])))
    for name in names[3:]:
        if depth < 3:
            write_tree(folder / name, chance, depth + 1)


def paths_in(folder):
    """What a tree has, as paths relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class Worlds:
    """Two folders that look alike, and a process in the executable of one that compares them.

    Its root has nothing else but a folder for temporary files, so that no step reaches further.
    """

    def __init__(self, folder, python, seed):
        source = folder / "source"
        shutil.copytree(APPS / "paths", source)
        write_tree(source / "tree", random.Random(seed))
        self.paths = paths_in(source / "tree")
        for name in ("tmp", "proc", "ours", "real/app"):
            (folder / "root" / name).mkdir(parents=True)
        app = folder / "root/ours/app"
        obelisk("build", "-q", source / "app.py", "-o", app, "--python", python)
        self.app = app
        script = """
        mount --bind . . && cd "$PWD" && mount --rbind /proc proc &&
        mount -t tmpfs none real/app && mount -t tmpfs none tmp &&
        chroot . /ours/app prepare /real /ours &&
        mount -o remount,ro real/app && mount -o remount,bind,ro . &&
        exec chroot . /ours/app compare /real /ours
        """
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.process = subprocess.Popen(
            [shutil.which("unshare"), *root, "--mount", "/bin/sh", "-c", script],
            cwd=folder / "root",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def compare(self, folder, steps):
        """Return the first step that the worlds differ in, and what came of it in each; or None."""
        self.process.stdin.write(json.dumps([folder, steps]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate()
        assert self.process.returncode == 0


@pytest.fixture(scope="module")
def worlds(tmp_path_factory, python_version):
    made = Worlds(tmp_path_factory.mktemp("worlds"), python_version, SEED)
    yield made
    made.end()


# A path goes through `app/tree` in some way, and then along names that are there, or nearly.
BEGINNINGS = [
    *("app/tree", "@/app/tree", "to_app/tree", "@/to_app/tree", "to_tree", "@/links/to_tree"),
    *("links/to_link", "to_here/app/tree", "links/up/to_here/app/tree", "links/absolute"),
    *("outside/../app/tree", "app/../app/tree", "app/./tree/../../app/tree", ".//app///tree"),
    *("@/app/tree/..", "links/to_file", "links/out", "links/dangling", "links/loop", "outside"),
    *("app/tree/../../outside", "links", "nope", "tree", "..", ".", ""),
]
ODDITIES = ["..", ".", "", "nope", "N" * 255, "N" * 256, "../tree", "a", "c.txt"]
OPEN_FLAGS = [
    *("O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_DIRECTORY"),
    *("O_NOFOLLOW", "O_PATH", "O_NONBLOCK"),
]


def steps_in(tree):
    """Sequences of calls on a tree."""
    inside = st.sampled_from(tree) | st.just("")
    end = st.lists(st.sampled_from(ODDITIES), max_size=3).map("/".join)
    path = st.builds(
        lambda *parts: "/".join(part for part in parts if part),
        st.sampled_from(BEGINNINGS),
        inside,
        end,
    ) | st.builds("{}{}{}".format, inside, st.sampled_from(["", "/", "/.", "/..", "//"]), end)
    path = path.map(lambda text: text.lstrip("/"))
    place = st.none() | st.integers(0, 4)
    number = st.integers(0, 4)
    flags = st.lists(st.sampled_from(OPEN_FLAGS), max_size=2, unique=True) | st.just([])
    follow = st.booleans()
    calls = {
        "open": (path, flags, place),
        "stat": (path, follow, place),
        "access": (path, st.sampled_from([0, 1, 2, 4, 6]), place),
        "listdir": (path,),
        "scandir": (path,),
        "walk": (path, follow),
        "fwalk": (path, place),
        "glob": (path, st.sampled_from(["*", "**", "*/*.txt", "[ab]*/.."])),
        "resolve": (path, follow),
        "realpath": (path,),
        "read": (path,),
        "readlink": (path, place),
        "statvfs": (path,),
        "samefile": (path, path),
        "copy": (path,),
        "threads": (path,),
        "chmod": (path, st.just(0o600)),
        "utime": (path, place),
        "chown": (path, place),
        "truncate": (path,),
        "mkdir": (path, place),
        "mkfifo": (path, place),
        "symlink": (path, place),
        "unlink": (path, place),
        "rmdir": (path, place),
        "rename": (path, path),
        "link": (path, path),
        "fstat": (number,),
        "fread": (number, st.integers(0, 100)),
        "pread": (number, st.integers(0, 100), st.integers(0, 100)),
        "seek": (number, st.integers(-10, 100), st.integers(0, 2)),
        "dup": (number,),
        "flist": (number,),
        "fscan": (number,),
        "map": (number,),
        "fchmod": (number,),
        "futime": (number,),
        "fwrite": (number,),
        "fstatvfs": (number,),
        "lock": (number, number),
    }
    call = st.one_of([st.tuples(st.just(name), *what) for name, what in calls.items()])
    return st.lists(calls_first(calls) | call, min_size=1, max_size=8)


def calls_first(calls):
    """Opening is what most other calls need."""
    return st.tuples(st.just("open"), *calls["open"])


def test_calls_do_what_they_do_on_a_disk(worlds):
    @settings(
        max_examples=20_000 if WHOLE else 400,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(["", "links", "outside"]), steps_in(worlds.paths))
    def try_steps(folder, steps):
        assert worlds.compare(folder, steps) is None

    try_steps()


@pytest.mark.parametrize("refused", ["nothing", "memfd_create"])
def test_each_way_to_a_file(worlds, tmp_path, refused):
    place = shutil.copy(worlds.app, tmp_path / "app")
    done = subprocess.run(
        [place, "named"],
        capture_output=True,
        cwd=tmp_path,
        env={},
        text=True,
        check=False,
        preexec_fn=None if refused == "nothing" else refuser(refused, errno.EPERM),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "paths/ways.py")
