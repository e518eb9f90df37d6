"""What an executable may replace: a regular file or nothing, and never what it is built from."""

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support import write_wheel

from obelisk.config.recognize import read_request
from obelisk.errors import ConfigError, ObeliskError, StorageError
from obelisk.output import refuse_input, writable_place, write_result
from obelisk.plan import make_plans
from obelisk.services.atomic import draft_beside, draft_folder_beside

ELF = b"\x7fELF and so on"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A script with all that may stand beside it, in the working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "app.py").write_text("print(1)\n")
    (folder / "app.py.lock").write_text("version = 1\n")
    (folder / "needs.txt").write_text("six\n")
    return folder


def place(output, what="app.py", **settings):
    request = read_request(what)
    for name, value in settings.items():
        object.__setattr__(request.settings, name, value)
    (plan,) = make_plans(request)
    return writable_place(Path(output), plan, Path("cache"))


@pytest.fixture
def names(folder):
    """What was there before; the test is over when nothing else is."""
    before = {path.name: path.lstat() for path in folder.iterdir()}
    yield before
    after = {path.name: path.lstat() for path in folder.iterdir()}
    assert set(after) == set(before)
    for name, old in before.items():
        assert (after[name].st_ino, after[name].st_mtime_ns) == (old.st_ino, old.st_mtime_ns)


@pytest.mark.parametrize("output", ["app.py", "./app.py", "../work/app.py", "needs.txt"])
def test_an_input_is_not_replaced(output, names):
    with pytest.raises(ConfigError, match="is an input"):
        place(output, requirements=("needs.txt",))


def test_an_input_is_known_by_any_name(folder):
    os.link("app.py", "hard")
    Path("soft").symlink_to("app.py")
    Path("softer").symlink_to("soft")
    for output in ("hard", "soft", "softer"):
        with pytest.raises(ConfigError, match="is an input"):
            place(output)


def test_a_lock_is_an_input():
    with pytest.raises(ConfigError, match="is an input"):
        place("app.py.lock")


def test_a_wheel_is_an_input(folder):
    wheel = write_wheel(folder, ["tiny = tiny:main"])
    with pytest.raises(ConfigError, match="is an input"):
        place(wheel.name, what=wheel.name)


@pytest.fixture
def project(folder):
    (folder / "app.py").unlink()
    (folder / "pyproject.toml").write_text('[project]\nname = "app"\nscripts.app = "app:main"\n')
    (folder / "src").mkdir()
    (folder / "src/app.py").write_text("def main(): pass\n")
    (folder / "dist").mkdir()
    (folder / "dist/app").write_bytes(ELF)
    return folder


@pytest.mark.parametrize("output", ["pyproject.toml", "src/app.py", "needs.txt"])
def test_files_of_a_project_are_inputs(project, output):
    with pytest.raises(ConfigError, match="not an executable"):
        place(output, what=".")


def test_an_executable_or_an_empty_file_in_a_project_is_replaced(project):
    (project / "dist/empty").write_text("")
    for output in ("dist/app", "dist/empty", "dist/new", "new/folder/app"):
        assert place(output, what=".") == Path(output)
    assert (project / "dist/app").read_bytes() == ELF
    assert (project / "new/folder").is_dir()


def test_what_was_collected_is_an_input(folder):
    (folder / "neighbour.py").write_text("")
    with pytest.raises(ConfigError, match="is an input"):
        refuse_input(folder / "neighbour.py", [folder / "app.py", folder / "../work/neighbour.py"])
    refuse_input(folder / "new", [folder / "app.py", folder / "gone.py"])


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


SPECIAL = {
    "fifo": os.mkfifo,
    "socket": make_socket,
    "folder": lambda path: path.mkdir(),
    "device": lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)),
    "link to a device": lambda path: path.symlink_to("/dev/null"),
    "link to a folder": lambda path: path.symlink_to("."),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_only_a_regular_file_or_nothing_is_replaced(folder, kind):
    try:
        SPECIAL[kind](folder / "out")
    except PermissionError:
        pytest.skip("making a device needs root")
    before = (folder / "out").lstat()
    with pytest.raises(ConfigError, match=r"is a directory|not a regular file"):
        place("out")
    assert (folder / "out").lstat().st_ino == before.st_ino
    with (
        pytest.raises(ObeliskError),
        draft_beside(folder / "out", mode=0o755) as draft,
    ):
        draft.write_text("x")
    assert (folder / "out").lstat().st_ino == before.st_ino
    assert list(folder.glob(".obelisk*")) == []


def test_the_target_of_a_link_is_written(folder):
    (folder / "old").write_bytes(b"old")
    (folder / "link").symlink_to("old")
    (folder / "dangling").symlink_to("deep/new")
    assert place("link") == folder / "old"
    assert place("dangling") == folder / "deep/new"
    for output in ("link", "dangling"):
        with draft_beside(place(output), mode=0o755) as draft:
            draft.write_text("new")
        assert (folder / output).is_symlink()
        assert (folder / output).read_text() == "new"


def test_another_hard_link_keeps_what_it_had(folder):
    (folder / "out").write_text("old")
    os.link("out", "other")
    with draft_beside(place("out"), mode=0o755) as draft:
        draft.write_text("new")
    assert (folder / "other").read_text() == "old"


@pytest.mark.parametrize("name", ["x" * 300, "loop", "app.py/out", "/proc/out"])
def test_what_cannot_be_written_is_told_at_once(folder, name):
    (folder / "loop").symlink_to("loop")
    with pytest.raises(StorageError, match="cannot write"):
        place(name)


def test_the_cache_is_no_place_for_executables(folder):
    (folder / "cache").mkdir()
    (folder / "link").symlink_to("cache")
    for output in ("cache/app", "link/app", "cache/deep/app"):
        with pytest.raises(ConfigError, match="inside the cache"):
            place(output)


def test_a_running_executable_is_replaced(folder):
    (folder / "out").write_bytes(Path("/bin/sleep").read_bytes())
    (folder / "out").chmod(0o755)
    with subprocess.Popen([folder / "out", "60"]) as process:
        with draft_beside(place("out"), mode=0o755) as draft:
            draft.write_text("new")
        assert process.poll() is None
        process.kill()
    assert (folder / "out").read_text() == "new"


def write(place, meanwhile):
    with draft_beside(place, mode=0o755) as draft:
        meanwhile()
        draft.write_text("new")


def test_a_folder_that_is_replaced_meanwhile(folder):
    (folder / "dist").mkdir()

    def replace():
        (folder / "dist").rename(folder / "moved")
        (folder / "dist").mkdir()

    with pytest.raises(StorageError, match="moved or replaced"):
        write(folder / "dist/out", meanwhile=replace)
    assert list((folder / "dist").iterdir()) == []


def test_a_name_that_is_taken_meanwhile(folder):
    with pytest.raises(StorageError, match="not a regular file"):
        write(folder / "out", meanwhile=lambda: os.mkfifo(folder / "out"))
    assert stat.S_ISFIFO((folder / "out").lstat().st_mode)


def test_two_at_once_leave_one_whole_file(folder):
    """The last one wins, and neither sees the other's draft as a leftover."""
    start = threading.Barrier(4)

    def write(text):
        for _ in range(20):
            start.wait()
            with draft_beside(folder / "out", mode=0o755) as draft:
                draft.write_text(text * 1000)

    threads = [threading.Thread(target=write, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / "out").read_text() in {text * 1000 for text in "abcd"}
    assert list(folder.glob(".obelisk*")) == []


@pytest.mark.parametrize(
    ("umask", "mode"), [(0o022, 0o755), (0o002, 0o775), (0o077, 0o700), (0o777, 0o700)]
)
def test_the_umask_says_what_others_may(folder, umask, mode):
    """Folders are of the cache, whose users may all read it."""
    before = os.umask(umask)
    try:
        with draft_beside(folder / "out", mode=0o777) as draft:
            draft.write_text("")
        with draft_folder_beside(folder / "made") as draft:
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "out").stat().st_mode) == mode
    assert stat.S_IMODE((folder / "made").stat().st_mode) == 0o755


def test_files_that_only_look_like_drafts_stay(folder):
    (folder / ".obelisk-settings").write_text("")
    (folder / ".obelisk-12345678").write_text("")
    with draft_beside(folder / "out", mode=0o755) as draft:
        draft.write_text("")
    assert (folder / ".obelisk-settings").exists()
    assert (folder / ".obelisk-12345678").exists()


def obelisk(*words, **options):
    command = [sys.executable, "-m", "obelisk", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_init_writes_what_its_link_leads_to(folder):
    (folder / "real.toml").write_text('[project]\nname = "app"\n')
    (folder / "pyproject.toml").symlink_to("real.toml")
    assert obelisk("init").returncode == 0
    assert (folder / "pyproject.toml").is_symlink()
    assert "[tool.obelisk]" in (folder / "real.toml").read_text()


def test_the_command_line_refuses_before_it_builds(folder):
    for output, status in (("app.py", 2), ("/dev/null", 2), ("/dev/stdout", 2), ("/proc/x", 8)):
        done = obelisk("build", "app.py", "-o", output, env=os.environ | {"OBELISK_CACHE": "none"})
        assert done.returncode == status, done.stderr
        assert "error: " in done.stderr
    assert (folder / "app.py").read_text() == "print(1)\n"
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert not (folder / "none").exists()


@pytest.mark.parametrize("name", ["new.txt", "deep/er/new.txt", "a\nb", os.fsdecode(b"\xff")])
def test_what_a_command_made_is_written(folder, name):
    write_result(Path(name), "text\u00e9", [Path("app.py")])
    assert (folder / name).read_text() == "text\u00e9"


def test_a_link_to_nothing_is_followed(folder):
    (folder / "link").symlink_to("target")
    write_result(Path("link"), "text")
    assert (folder / "target").read_text() == "text"
    assert (folder / "link").is_symlink()


@pytest.mark.parametrize("name", ["app.py", "link", "hard", "../work/app.py"])
def test_it_is_written_over_no_input(folder, name):
    (folder / "link").symlink_to("app.py")
    (folder / "hard").hardlink_to(folder / "app.py")
    with pytest.raises(ConfigError, match="is an input"):
        write_result(Path(name), "text", [Path("app.py")])
    assert (folder / "app.py").read_text() == "print(1)\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", r"\. is a directory"),
        ("/dev/full", "not a regular file"),
        ("app.py/x", "cannot write app.py/x: File exists"),
        ("app.py/x/y", "cannot write app.py/x/y: Not a directory"),
        ("/proc/x", "cannot write /proc/x: No such file"),
        ("loop", "symbolic link loop|Too many levels"),
        ("x" * 300, "File name too long"),
    ],
)
def test_where_nothing_can_be_written_is_said(folder, name, said):
    (folder / "loop").symlink_to("loop")
    with pytest.raises((ConfigError, StorageError), match=said):
        write_result(Path(name), "text")
