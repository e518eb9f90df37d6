"""Bad input gets a clear error with its own status, and loses nothing."""

import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys

import pytest
from support import APPS, obelisk, write_wheel

from obelisk.services.cache import Cache
from obelisk.services.cache.root import default_root

pytestmark = [pytest.mark.compile, pytest.mark.network]


def build(*arguments, status, **options):
    said = obelisk("build", *arguments, status=status, **options)
    assert "Traceback" not in said
    assert "error: " in said
    return said


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(APPS / "inventory", tmp_path / "inventory")


def edit(project, old, new):
    path = project / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_module_that_is_not_there(project):
    said = build("--entry", "inventory.clii:main", cwd=project, status=2)
    assert "did you mean `inventory.cli`?" in said
    assert not (project / "dist/inventory-app").exists()


def test_a_function_that_is_not_there(project):
    said = build("--entry", "inventory.cli:mian", cwd=project, status=2)
    assert "does not define `mian`" in said


def test_several_console_scripts(tmp_path):
    wheel = write_wheel(tmp_path, ["one = tiny:main", "two = tiny:main"])
    said = build(wheel, cwd=tmp_path, status=2)
    assert (
        "choose one with `--script`, or build all in one with `--multicall`: `one`, `two`" in said
    )
    assert "did you mean `two`?" in build(wheel, "--script", "tow", cwd=tmp_path, status=2)


def test_no_console_script(tmp_path):
    assert "no console script" in build("certifi", cwd=tmp_path, status=2)


def test_a_dependency_that_does_not_resolve(project):
    edit(project, '"certifi"', '"certifi>9999"')
    said = build(cwd=project, status=4)
    assert "certifi>9999" in said


def test_a_package_without_native_code_cannot_be_made_pure(project):
    edit(project, "[tool.obelisk]", "[tool.obelisk]\npure = ['certifi']")
    said = build(cwd=project, status=2)
    assert "`certifi` in `pure` is not an installed package" in said


def test_a_wheel_with_the_name_that_is_reserved(tmp_path):
    file = ".obelisk/interpreter"
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"], files={"tiny.py": "", file: "python=1\0"})
    said = build(wheel, cwd=tmp_path, status=4)
    assert f"{file}`, is reserved" in said
    assert not (tmp_path / "dist/tiny").exists()


def test_a_marker_that_drops_the_requirement_itself(tmp_path):
    said = build("six; python_version < '3'", cwd=tmp_path, status=2)
    assert "`six` is not installed: its environment marker excludes the target" in said


def test_a_requirement_that_is_an_option(tmp_path):
    """An executable without its dependencies, and status 0, is what this was once."""
    header = '# /// script\n# dependencies = ["six", "--dry-run"]\n# ///\nimport six\n'
    (tmp_path / "app.py").write_text(header)
    said = build("app.py", cwd=tmp_path, status=2)
    assert "invalid requirement '--dry-run'" in said
    assert not (tmp_path / "dist").exists()


def test_a_name_that_leads_elsewhere(tmp_path):
    (tmp_path / "project").mkdir()
    text = '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n'
    text += '[tool.obelisk]\nname = "../../outside"\n'
    (tmp_path / "project/pyproject.toml").write_text(text)
    said = build(cwd=tmp_path / "project", status=2)
    assert "'../../outside' is not a valid file name" in said
    assert os.listdir(tmp_path) == ["project"]


def test_a_native_library_that_is_not_there(project):
    edit(project, "[tool.obelisk]", "[tool.obelisk]\nnative-libraries = ['lib/*.so']")
    assert "`lib/*.so` in `native-libraries`" in build(cwd=project, status=2)


def test_a_script_that_does_not_compile(tmp_path):
    (tmp_path / "bad.py").write_text("def main(:\n")
    assert "cannot parse" in build("bad.py", cwd=tmp_path, status=4)


def test_a_failed_build_leaves_the_old_executable(tmp_path, python_version):
    (tmp_path / "app.py").write_text("print(1)\n")
    obelisk("build", "-q", "app.py", "--python", python_version, cwd=tmp_path)
    before = (tmp_path / "dist/app").read_bytes()
    (tmp_path / "app.py").write_text(
        '# /// script\n# [tool.obelisk]\n# smoke-test = ["x"]\n# ///\nraise SystemExit(3)\n'
    )
    said = build("app.py", "--python", python_version, cwd=tmp_path, status=7)
    assert "smoke test failed: exit status 3" in said
    assert (tmp_path / "dist/app").read_bytes() == before
    assert os.listdir(tmp_path / "dist") == ["app"]


def test_read_only_output(tmp_path):
    (tmp_path / "app.py").write_text("")
    # /proc refuses new files, even of root.
    said = build("app.py", "-o", "/proc/app", cwd=tmp_path, status=8)
    assert "cannot write" in said


def test_output_that_is_a_folder(tmp_path):
    (tmp_path / "app.py").write_text("")
    (tmp_path / "dist/app").mkdir(parents=True)
    assert "is a directory" in build("app.py", cwd=tmp_path, status=2)


def test_a_full_disk(tmp_path, python_version):
    """The output is on a file system of one megabyte."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root: " + mounted.stderr.decode())
    try:
        (tmp_path / "app.py").write_text("")
        options = ("-o", small / "app", "--python", python_version)
        said = build("app.py", *options, cwd=tmp_path, status=8)
        assert f"1.0 MiB free at {small}" in " ".join(said.split())
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small file system needs root")
@pytest.mark.parametrize("size", [24, 44, 56])
def test_a_disk_that_fills_while_a_snapshot_is_made(tmp_path, python_version, size):
    (tmp_path / "app.py").write_text("import json")
    # What goes into the cache is there then: it could not be moved from the small file system.
    obelisk("build", "--snapshot", "--python", python_version, "app.py", "-o", "app", cwd=tmp_path)
    work = default_root() / "work"
    work.mkdir(parents=True, exist_ok=True)
    mount = f"mount -t tmpfs -o size={size}m tmpfs {shlex.quote(str(work))}"
    command = [sys.executable, "-m", "obelisk", "build", "--snapshot", "--python", python_version]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh", *command, "app.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 8, done.stderr
    assert "disk" in done.stderr
    assert not (tmp_path / "dist").exists() or os.listdir(tmp_path / "dist") == []


STEPS = {"Collecting": signal.SIGINT, "Compiling": signal.SIGTERM, "Packing": signal.SIGHUP}


def signalled(command, cwd, step, number):
    """Start a build and send it a signal at a step; return its status and what it said."""
    with subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, text=True) as process:
        while step not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        said = process.stderr.read()
    return process.returncode, said


def test_an_interrupted_build_and_a_second_try(tmp_path, python_version):
    """Each signal that asks to end; under `nohup`, one of them does not."""
    (tmp_path / "app.py").write_text("print('second')\n")
    command = [sys.executable, "-m", "obelisk", "build", "app.py", "--python", python_version]
    for step, number in STEPS.items():
        status, said = signalled(command, tmp_path, step, number)
        assert status == 128 + number, said
        assert "no partial output was left behind" in said
        assert "Traceback" not in said
        assert os.listdir(tmp_path / "dist") == []
    status, said = signalled(["nohup", *command], tmp_path, "Collecting", signal.SIGHUP)
    assert status == 0, said
    assert subprocess.check_output([tmp_path / "dist/app"], text=True) == "second\n"


def test_a_program_that_is_run_is_the_process_that_was_started(tmp_path, python_version):
    """Signals and exit statuses are its own, and so are its children."""
    (tmp_path / "app.py").write_text(
        "import os, signal\n"
        "try:\n    os.wait()\n"
        "except ChildProcessError:\n    os.kill(os.getpid(), signal.SIGUSR1)\n"
    )
    command = [sys.executable, "-m", "obelisk", "run", "-q", "app.py", "--python", python_version]
    done = subprocess.run(command, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == -signal.SIGUSR1


@pytest.mark.parametrize(
    ("limit", "value", "status", "words"),
    [
        (resource.RLIMIT_NOFILE, 12, 9, "Too many open files (limits: 12 open files,"),
        (resource.RLIMIT_FSIZE, 1 << 20, 8, "file size limit of 1048576 bytes"),
        (resource.RLIMIT_AS, 70 << 20, 9, "73400320 memory)"),
    ],
    ids=["open files", "file size", "memory"],
)
def test_a_limit_of_the_process(tmp_path, python_version, limit, value, status, words):
    (tmp_path / "app.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "obelisk", "build", "app.py", "--python", python_version],
        capture_output=True,
        cwd=tmp_path,
        text=True,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert done.stderr.count("error: ") == 1
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not any(tmp_path.glob("dist/*"))


NOWHERE = """
mount --bind "$1" /mnt && cd /mnt && shift
for folder in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro tmpfs $folder; done
exec "$@"
"""


def test_neither_a_home_nor_a_place_for_temporary_files_is_needed(tmp_path, python_version):
    """HOME is not set, TMPDIR is missing, and no folder for temporary files can be written."""
    (tmp_path / "app.py").write_text("print('made')\n")
    cache = str(Cache().root)
    if any(path.startswith(("/tmp/", "/mnt/")) for path in (cache, sys.executable)):
        pytest.skip("the cache or Python is itself in a folder that this test hides")
    command = [sys.executable, "-m", "obelisk", "build", "app.py", "--python", python_version]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", NOWHERE, "sh", tmp_path, *command],
        env={"PATH": os.environ["PATH"], "OBELISK_CACHE": cache, "TMPDIR": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("mounting needs root: " + done.stderr)
    assert done.returncode == 0, done.stderr
    assert subprocess.check_output([tmp_path / "dist/app"], text=True) == "made\n"


def test_a_home_that_is_read_only(tmp_path, python_version):
    """/proc refuses new files, even of root."""
    (tmp_path / "app.py").write_text("")
    surroundings = {"HOME": "/proc/1", "OBELISK_CACHE": "", "XDG_CACHE_HOME": ""}
    said = build("app.py", "--python", python_version, cwd=tmp_path, env=surroundings, status=8)
    assert "cannot write the cache /proc/1/.cache/obelisk" in said
    assert "OBELISK_CACHE" in said
