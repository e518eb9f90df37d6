"""The cache: made once, believed only while it is what was made, and removed with care."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from obelisk import cli
from obelisk.errors import ConfigError, StorageError, ToolError
from obelisk.services.cache import Cache
from obelisk.services.cache.removal import clean, prune

KIND, KEY, OTHER = "runtimes", "0" * 32, "1" * 32
DAY = 24 * 3600


def test_an_entry_is_made_once(cache):
    made = []

    def make(folder):
        made.append(folder)
        (folder / "file").write_text("x")

    first = cache.obtain(KIND, KEY, make)
    assert cache.obtain(KIND, KEY, make) == first
    assert len(made) == 1
    assert (first / "file").read_text() == "x"


def test_an_interrupted_entry_leaves_nothing(cache):
    def fail(folder):
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.obtain(KIND, KEY, fail)
    assert cache.find(KIND, KEY) is None
    assert not (cache.root / KIND).exists()
    assert list((cache.root / "work").iterdir()) == []
    cache.obtain(KIND, KEY, lambda folder: (folder / "whole").write_text("x"))
    assert cache.find(KIND, KEY)


def test_two_builds_make_an_entry_once(cache):
    made = []
    start = threading.Barrier(4)

    def build():
        start.wait()
        cache.obtain(KIND, KEY, made.append)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_only_saves_time_is_kept_once_and_remade_when_damaged(cache):
    made = []

    def make(folder):
        made.append(folder.name)
        (folder / "file").write_text("whole")

    cache.keep(KIND, {KEY: make, OTHER: make})
    cache.keep(KIND, {OTHER: make, KEY: make})
    assert sorted(made) == [KEY, OTHER]
    (cache.find(KIND, KEY) / "file").write_text("torn")
    warned = []
    later = Cache(cache.root, warned.append)
    assert later.find(KIND, KEY) is None
    assert len(warned) == 1
    later.keep(KIND, {KEY: make, OTHER: make})
    assert made[2:] == [KEY]
    assert (later.find(KIND, KEY) / "file").read_text() == "whole"


def test_what_only_saves_time_is_kept_by_builds_at_once(cache):
    """They take the locks of several entries, each in the same order."""
    made, start = [], threading.Barrier(4)

    def keep(keys):
        start.wait()
        cache.keep(KIND, dict.fromkeys(keys, made.append))

    threads = [
        threading.Thread(target=keep, args=[(KEY, OTHER)[:: 1 - 2 * (n % 2)]]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(folder.name for folder in made) == [KEY, OTHER]


def test_nothing_is_kept_of_what_was_interrupted(cache):
    def fail(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.keep(KIND, {KEY: fill, OTHER: fail})
    assert cache.find(KIND, KEY) is None
    assert cache.find(KIND, OTHER) is None
    assert list((cache.root / "work").iterdir()) == []


def fail_in(cache, said):
    with cache.scratch("tool") as tool:
        (tool / "log.txt").write_text(said)
        (tool / "large").write_bytes(bytes(1000))
        raise ToolError("no", log=tool / "log.txt")


def test_the_log_of_a_tool_that_failed_stays_and_nothing_else(cache):
    with cache.scratch("good") as good:
        pass
    with pytest.raises(ConfigError), cache.scratch("bad") as bad:
        raise ConfigError("no")
    with pytest.raises(ToolError) as caught:
        fail_in(cache, "said")
    assert (good.exists(), bad.exists()) == (False, False)
    assert caught.value.log.read_text() == "said"
    assert str(caught.value.log) in caught.value.hint
    assert list((cache.root / "work").iterdir()) == []


def test_logs_are_few(cache):
    for number in range(30):
        with pytest.raises(ToolError):
            fail_in(cache, str(number))
    with Cache(cache.root).scratch("next"):
        assert len(list((cache.root / "logs").iterdir())) == 20


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write the cache") as caught:
        Cache(tmp_path / "file/cache").obtain(KIND, KEY, lambda _: None)
    assert "OBELISK_CACHE" in caught.value.hint


def fill(folder):
    (folder / "file").write_bytes(bytes(range(200)))
    (folder / "sub").mkdir()
    (folder / "sub/program").write_text("#!/bin/sh\n")
    (folder / "sub/program").chmod(0o755)
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("sub/program")


class Used:
    """A cache with one entry, and what using it again says and does."""

    def __init__(self, root):
        self.root = root
        self.place = Cache(root).obtain(KIND, KEY, fill)

    def again(self):
        """Use the entry as a new process does; return what was made and what was said."""
        made, said = [], []

        def make(folder):
            made.append(folder)
            fill(folder)

        assert Cache(self.root, said.append).obtain(KIND, KEY, make) == self.place
        assert (self.place / "file").read_bytes() == bytes(range(200))
        return len(made), said


@pytest.fixture
def used(tmp_path):
    return Used(tmp_path / "cache")


def flip(entry):
    with (entry / "file").open("r+b") as stream:
        stream.write(b"x")


def retype(entry):
    (entry / "link").unlink()
    shutil.copy(entry / "sub/program", entry / "link")


def cut_record(entry):
    os.truncate(entry / ".obelisk-record", 90)
    os.utime(entry / "file")


DAMAGE = {
    "flipped": (flip, "file is changed"),
    "truncated": (lambda entry: os.truncate(entry / "file", 100), "file is changed"),
    "longer": (lambda entry: os.truncate(entry / "file", 300), "file is changed"),
    "removed": (lambda entry: (entry / "file").unlink(), "file is missing"),
    "added": (lambda entry: (entry / "sub/more").write_text(""), "sub/more is added"),
    "no folder": (lambda entry: (entry / "empty").rmdir(), "empty is missing"),
    "mode": (lambda entry: (entry / "sub/program").chmod(0o644), "sub/program is changed"),
    "link": (retype, "link is changed"),
    "record": (cut_record, "record"),
    "a file": (lambda entry: [shutil.rmtree(entry), entry.write_text("")], "Not a directory"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_entry_is_made_anew_with_a_warning(used, how):
    damage, said = DAMAGE[how]
    assert used.again() == (0, [])
    damage(used.place)
    made, warnings = used.again()
    assert made == 1
    assert [
        f"corrupt cache entry {KIND}/{KEY}" in warning and said in warning for warning in warnings
    ] == [True]
    assert used.again() == (0, [])
    assert Cache(used.root).verify() == []


def test_a_damaged_entry_stays_if_it_cannot_be_made_anew(used):
    flip(used.place)

    def fail(folder):
        raise ToolError("no")

    with pytest.raises(ToolError):
        Cache(used.root).obtain(KIND, KEY, fail)
    assert used.again()[0] == 1


def test_bytes_that_changed_by_themselves_are_found_by_verify(used):
    """As of a failing disk: size, times and inode are what they were."""
    before = (used.place / "file").stat()
    flip(used.place)
    os.utime(used.place / "file", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Cache(used.root).find(KIND, KEY)
    assert Cache(used.root).verify() == [(used.place, "file is changed")]
    assert used.again()[0] == 1


def test_a_copied_cache_is_hashed_once_and_then_trusted(used, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", used.root, copy], check=True)
    record = copy / KIND / KEY / ".obelisk-record"
    before = record.read_text()
    again = Used(copy)
    assert again.again() == (0, [])
    assert record.read_text() != before
    # As CI restores it: other times as well.
    for path in copy.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert again.again() == (0, [])


def test_an_entry_of_an_older_obelisk_is_taken_over(used):
    (used.place / ".obelisk-record").unlink()
    assert used.again() == (0, [])
    flip(used.place)
    assert used.again()[0] == 1


def test_bytecode_that_python_leaves_is_no_damage(used):
    (used.place / "sub/__pycache__").mkdir()
    (used.place / "sub/__pycache__/x.pyc").write_text("")
    assert used.again() == (0, [])


@pytest.fixture
def read_only(tmp_path):
    """Mount a folder read-only, which also root cannot write then."""
    mounted = []

    def mount(folder):
        command = ["mount", "--bind", "-o", "ro", str(folder), str(folder)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("mounting needs root: " + done.stderr.decode())
        mounted.append(folder)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_cache_is_used(used, read_only):
    os.utime(used.place / "file", (1, 1))
    read_only(used.root)
    assert used.again() == (0, [])
    with Cache(used.root).scratch("work") as work:
        (work / "file").write_text("")
        assert not work.is_relative_to(used.root)
        assert Cache(used.root).folder_of_uv(KEY, work).is_relative_to(work)
    with pytest.raises(StorageError, match="cannot write the cache"):
        Cache(used.root).obtain(KIND, OTHER, fill)
    Cache(used.root).keep(KIND, {OTHER: fill})
    assert Cache(used.root).find(KIND, OTHER) is None


FOREIGN = {
    "files": {"precious": ""},
    "cargo": {
        "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# by cargo\n",
        "debug": "",
    },
    "a tag alone": {"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# other\n"},
    "our names": {"runtimes": "", "work": ""},
}


@pytest.mark.parametrize("files", FOREIGN.values(), ids=FOREIGN)
def test_a_folder_of_others_is_refused_and_left_as_it_is(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for use in (
        lambda cache: cache.obtain(KIND, KEY, fill),
        lambda cache: cache.find(KIND, KEY),
        lambda cache: cache.entries(),
        lambda cache: cache.verify(),
        lambda cache: cache.scratch("x").__enter__(),
        lambda cache: clean(cache.root, print),
        lambda cache: prune(cache.root, max_size=0, older_than=None, on_wait=print),
    ):
        with pytest.raises(ConfigError, match="not an Obelisk cache"):
            use(Cache(tmp_path))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_the_home_folder_is_refused_even_with_our_tag(tmp_path, monkeypatch):
    """An older Obelisk wrote it there."""
    tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is Obelisk's cache. See x\n"
    (tmp_path / "CACHEDIR.TAG").write_text(tag)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to(tmp_path)
    for root in (tmp_path, tmp_path / "link"):
        with pytest.raises(ConfigError, match="your home directory"):
            Cache(root).obtain(KIND, KEY, fill)
        with pytest.raises(ConfigError, match="your home directory"):
            clean(root, print)


def test_an_empty_folder_and_a_new_file_system_become_a_cache(tmp_path):
    (tmp_path / "lost+found").mkdir()
    Cache(tmp_path).obtain(KIND, KEY, fill)
    assert "Obelisk's cache" in (tmp_path / "CACHEDIR.TAG").read_text()


def test_a_cache_whose_tag_was_cut_short_by_a_kill_is_ours(used):
    (used.root / "CACHEDIR.TAG").write_text("")
    assert used.again() == (0, [])
    (used.root / "stranger").write_text("")
    with pytest.raises(ConfigError):
        used.again()


def test_clean_removes_all_of_an_undisturbed_cache(cache):
    cache.obtain(KIND, KEY, fill)
    size = cache.entries()[0].size
    cache.close()
    removed = clean(cache.root, print)
    assert removed.size >= size
    assert removed.entries == 1
    assert not cache.root.exists()
    assert clean(cache.root, print).entries == 0


def test_clean_leaves_what_it_does_not_know(used, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("")
    root = used.root
    kept = {
        root / "stranger",
        root / KIND / "stranger",
        root / "work/my-projects/file",
        root / "work/yarn.lock",
        root / "logs/mine.txt",
    }
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.utime(path.parent, (1, 1))
    (root / "libraries").symlink_to(outside)
    (root / "distributions").mkdir()
    (root / "distributions" / KEY).symlink_to(outside)
    (used.place / "out").symlink_to(outside)
    removed = clean(root, print)
    assert not used.place.exists()
    assert all(path.exists() for path in kept)
    assert (outside / "precious").exists()
    assert {path.name for path in removed.left} >= {"stranger", "libraries", "work", "logs"}


def test_anything_in_work_is_survived(used):
    """Paths longer than the system takes, nested deeper than frames, not to be read, no UTF-8."""
    work = used.root / "work"
    work.mkdir(exist_ok=True)
    place = work / "build-12345678"
    place.mkdir()
    before = Path.cwd()
    try:
        os.chdir(place)
        for _ in range(2500):
            Path("deep").mkdir()
            os.chdir("deep")
    finally:
        os.chdir(before)
    (place / "locked").mkdir(mode=0)
    (place / os.fsdecode(b"\xff\n")).write_text("")
    os.mkfifo(place / "pipe")
    os.utime(place, (1, 1))
    assert [entry.key for entry in Cache(used.root).entries()] == [KEY]
    with Cache(used.root).scratch("next"):
        assert not place.exists()


SLEEPER = """
import sys, time
from pathlib import Path
from obelisk import cli
from obelisk.services.cache import Cache
from obelisk.services.atomic import draft_beside
root, output = map(Path, sys.argv[1:])
def make(folder):
    (folder / "half").write_bytes(bytes(100000))
    with Cache(root).scratch("inner") as work, draft_beside(output, 0o755) as draft:
        (work / "file").write_bytes(bytes(100000))
        draft.write_bytes(bytes(1000))
        print("ready", flush=True)
        time.sleep(600)
Cache(root).obtain("bytecode", "2" * 32, make)
"""


@pytest.fixture
def sleeper(used, tmp_path):
    """Another process that is making an entry of the same cache, and an output."""
    command = [sys.executable, "-c", SLEEPER, used.root, tmp_path / "output"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def drafts(used, folder):
    return sorted([*(used.root / "work").iterdir(), *folder.glob(".obelisk-*")])


def test_work_of_the_living_stays_and_of_the_dead_goes(used, tmp_path, sleeper):
    from obelisk.services.atomic import draft_beside

    def start():
        with Cache(used.root).scratch("x"), draft_beside(tmp_path / "output", 0o755):
            pass

    there = drafts(used, tmp_path)
    assert len(there) == 6
    start()
    assert drafts(used, tmp_path) == there
    sleeper.kill()
    sleeper.wait()
    assert drafts(used, tmp_path) == there
    start()
    assert drafts(used, tmp_path) == []


def test_removal_waits_until_no_build_uses_the_cache(used, sleeper):
    said, done = [], []

    def remove():
        done.append(clean(used.root, lambda: said.append("waiting")))

    thread = threading.Thread(target=remove)
    thread.start()
    deadline = time.monotonic() + 20
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
    assert used.place.exists()
    sleeper.kill()
    thread.join(20)
    assert said == ["waiting"]
    assert done[0].left == ()
    assert not used.root.exists()


def test_a_build_waits_until_the_cache_is_cleaned(used):
    from obelisk.services.locks import lock

    held = lock(used.root / ".obelisk.lock")
    said, found = [], []
    thread = threading.Thread(
        target=lambda: found.append(Cache(used.root, said.append).find(KIND, KEY))
    )
    thread.start()
    deadline = time.monotonic() + 20
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
    # The lock's file stays: who waits makes it anew.
    for name in (KIND, "locks", "work"):
        shutil.rmtree(used.root / name)
    (used.root / "CACHEDIR.TAG").unlink()
    held.release()
    thread.join(20)
    assert "finish cleaning the cache" in said[0]
    assert found == [None]


def test_prune_by_age_and_by_size(cache):
    now = time.time()
    for number in range(4):
        place = cache.obtain(
            KIND, str(number) * 32, lambda folder: (folder / "file").write_bytes(bytes(100_000))
        )
        os.utime(place / ".obelisk-record", (now, now - number * DAY))
    cache.obtain(KIND, KEY, print)  # used now
    cache.close()

    def keys():
        return [entry.key[0] for entry in Cache(cache.root).entries()]

    prune(cache.root, max_size=None, older_than=2.5 * DAY, on_wait=print)
    assert keys() == ["0", "1", "2"]
    removed = prune(cache.root, max_size=250_000, older_than=None, on_wait=print)
    assert keys() == ["0", "1"]
    assert removed.entries == 1
    assert removed.size > 100_000
    prune(cache.root, max_size=None, older_than=None, on_wait=print)
    assert keys() == ["0", "1"]
    prune(cache.root, max_size=0, older_than=None, on_wait=print)
    assert keys() == []


def test_a_key_is_a_hash_and_a_kind_is_known(cache):
    for kind, key in (("documents", KEY), (KIND, "../../x"), (KIND, "key")):
        with pytest.raises(ValueError, match="invalid cache entry name"):
            cache.obtain(kind, key, fill)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_while_an_entry_is_made(cache, code):
    def fail(folder):
        raise OSError(code, os.strerror(code))

    with pytest.raises(StorageError, match=r"disk full at .* \(.* MiB free\)"):
        cache.obtain(KIND, KEY, fail)
    assert cache.find(KIND, KEY) is None
    assert list((cache.root / "work").iterdir()) == []


def test_without_a_home_there_is_no_cache(tmp_path):
    """A container's user that /etc/passwd does not know."""
    command = ["unshare", "--user", "--map-user=12345", sys.executable, "-m", "obelisk"]
    if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    for words in (["cache", "list"], ["build", "six"]):
        done = subprocess.run(
            [*command, *words], capture_output=True, cwd=tmp_path, text=True, env={}, check=False
        )
        assert done.returncode == 2, done.stderr
        assert "HOME is not set" in done.stderr
        assert "OBELISK_CACHE" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_folders_of_a_cache_are_on_one_file_system(cache):
    """A kind that is a link to another disk cannot be renamed to."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        cache.obtain(KIND, OTHER, fill)
        if Path(other).stat().st_dev == cache.root.stat().st_dev:
            pytest.skip("the cache is in /dev/shm too")
        (cache.root / "bytecode").symlink_to(other)
        with pytest.raises(StorageError, match="not on the same file system") as caught:
            cache.obtain("bytecode", KEY, fill)
        assert "on one file system" in caught.value.hint
        assert list(Path(other).iterdir()) == []


def command(*words):
    """Run `obelisk cache` in this process, and return its status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["cache", *words])
    return caught.value.code


HUGE = "9" * 400


@pytest.mark.parametrize("words", [("--max-size", HUGE + "T"), ("--older-than", HUGE + "w")])
def test_a_limit_of_any_size_is_one(used, monkeypatch, words):
    monkeypatch.setenv("OBELISK_CACHE", str(used.root))
    assert command("prune", *words) == 0
    assert used.place.exists()


@pytest.mark.parametrize("words", [("--max-size", "much"), ("--older-than", "-1d")])
def test_what_is_no_limit_is_refused(used, monkeypatch, capsys, words):
    monkeypatch.setenv("OBELISK_CACHE", str(used.root))
    assert command("prune", *words) == 2
    assert "error: invalid " in capsys.readouterr().err
    assert used.place.exists()


@pytest.mark.parametrize("when", [-(1 << 40), 1 << 40])
def test_an_entry_of_any_time_is_listed(used, monkeypatch, capsys, when):
    os.utime(used.place / ".obelisk-record", (when, when))
    monkeypatch.setenv("OBELISK_CACHE", str(used.root))
    for words in (("list",), ("list", "--json"), ("prune", "--older-than", "1d")):
        assert command(*words) == 0
    assert f"{KIND}/{KEY}" in capsys.readouterr().out
