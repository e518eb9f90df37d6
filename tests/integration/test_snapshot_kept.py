"""What a snapshot leaves out by itself, what it is told to, and what nothing can be made of."""

import json
from pathlib import Path

import pytest
from support import APPS, build_application, obelisk, run, write_wheel

from obelisk.errors import SnapshotError

pytestmark = pytest.mark.compile

REASONS = {
    "argv": "reads the command line",
    "child": "starts a process",
    "configured": "reads a file outside the executable (/etc/os-release)",
    "descriptors": "reads resource limits",
    "directory": "changes the working directory",
    "drawn": "draws random numbers",
    "environment": "reads the whole environment",
    "exception": "raises RuntimeError (not configured)",
    "executable": "reads the executable's path",
    "file": "keeps a file open",
    "home": "reads the variable HOME",
    "host": "reads the host's name",
    "locale": "sets the locale",
    "key": "draws random numbers",
    "language": "reads the locale",
    "limits": "changes resource limits",
    "loop": "keeps an event loop open",
    "mapping": "maps a file",
    "mask": "blocks signals",
    "memory": "maps shared memory",
    "pipe": "keeps a pipe open",
    "pool": "starts a thread",
    "printed": "prints (welcome)",
    "program": "runs a program",
    "secret": "draws random numbers",
    "shared": "maps a file",
    "shell": "reads who the user is",
    "socket": "keeps a socket open",
    "suspended": "keeps a file open",
    "terminal": "asks whether a stream is a terminal",
    "thread": "starts a thread",
    "timer": "sets a timer",
    "title": "changes the process's name",
    "umask": "changes the umask",
    "user": "reads who the user is",
    "variables": "reads the whole environment",
    "where": "reads the working directory",
    "written": "writes a file (/tmp/obelisk-unkept-modules-written)",
}
"""Modules of tests/apps/snapshot/unkept_modules, and what the build says of each."""


@pytest.fixture(scope="module")
def unkept(tmp_path_factory):
    """(The executable, what its build said)."""
    path = tmp_path_factory.mktemp("unkept") / "unkept"
    application = APPS / "snapshot/unkept.py"
    return path, build_application("-v", "--snapshot", application, "-o", path, stderr=True)


@pytest.mark.parametrize("module", REASONS)
def test_a_module_that_cannot_be_kept_is_left_out(unkept, module):
    start = f"warning: `unkept_modules.{module}` is left out of the snapshot: "
    (line,) = [line for line in unkept[1].splitlines() if line.startswith(start)]
    assert REASONS[module] in line


def test_nothing_else_is_left_out(unkept):
    assert unkept[1].count(" is left out of the snapshot: ") == len(REASONS)


def test_the_program_starts_from_the_snapshot_and_imports_the_rest(unkept, tmp_path):
    env = {"UNKEPT_FINE": "1", "OBELISK_SNAPSHOT": "explain"}
    done = run([unkept[0]], cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (0, 'welcome\n["__builtins__"]\n')
    assert done.stderr.splitlines()[0] == f"{unkept[0]}: started from the snapshot"


def test_inspect_shows_what_was_read_and_left_out(unkept):
    found = json.loads(obelisk("inspect", "--json", unkept[0]))["snapshot"]
    modules = {row["module"].removeprefix("unkept_modules.") for row in found["left_out"]}
    assert modules == set(REASONS)
    assert "json" in found["modules"]
    assert not any(module.startswith("unkept_modules.") for module in found["modules"])
    shown = obelisk("inspect", unkept[0])
    assert "  left out    unkept_modules.thread: it starts a thread\n" in shown


def test_a_variable_that_is_read_decides_whether_the_snapshot_fits(executables, tmp_path):
    executable = executables("snapshot/guarded.py", "--snapshot")
    said = {}
    for value in (None, "", "yes"):
        env = {"OBELISK_SNAPSHOT": "explain"} | ({} if value is None else {"GUARDED": value})
        done = run([executable], cwd=tmp_path, env=env)
        assert done.stdout == f"{value}\n"
        said[value] = done.stderr.partition(": ")[2]
    assert said[None] == "started from the snapshot\n"
    reason = "it was made with another value of GUARDED"
    assert said[""] == f"started without the snapshot: {reason}\n"
    assert said["yes"] == said[""]


def test_a_file_that_is_asked_for_decides_whether_the_snapshot_fits(tmp_path):
    """One that was not there; and one that a module reads which is in `snapshot-imports`."""
    absent, present = tmp_path / "absent.ini", tmp_path / "present.ini"
    present.write_text("first")
    (tmp_path / "script.py").write_text("import asks, reads\nprint(asks.FOUND, reads.TEXT)\n")
    (tmp_path / "asks.py").write_text(f"import os\nFOUND = os.path.exists({str(absent)!r})\n")
    (tmp_path / "reads.py").write_text(f"with open({str(present)!r}) as f:\n    TEXT = f.read()\n")
    executable = tmp_path / "out"
    given = ("--snapshot", "--set", "snapshot-imports=['reads']", tmp_path / "script.py")
    build_application("-q", *given, "-o", executable)
    shown = obelisk("inspect", executable)
    for path in (absent, present):
        assert f"depends on  file {path}: where it is another, the executable starts cold" in shown
    assert f"read        the file {present}, by reads" in shown

    def start():
        done = run([executable], cwd=tmp_path, env={"OBELISK_SNAPSHOT": "explain"})
        return done.stdout.strip(), done.stderr.strip().partition(": ")[2]

    without = "started without the snapshot: it was made "
    assert start() == ("False first", "started from the snapshot")
    present.write_text("other")
    assert start() == ("False other", f"{without}with another content of {present}")
    present.write_text("first")
    assert start() == ("False first", "started from the snapshot")
    absent.write_text("")
    assert start() == ("True first", f"{without}where there is no {absent}")


def test_the_machines_configuration_of_openssl_is_read_at_startup(executables, empty_root):
    executable = executables("snapshot/tls.py", "--snapshot")
    folder = empty_root.folder / "etc/ssl"
    folder.mkdir(parents=True)
    for version in ("TLSv1_2", "TLSv1_3"):
        (folder / "openssl.cnf").write_text(
            "openssl_conf = start\n[start]\nssl_conf = protocols\n[protocols]\n"
            f"system_default = default\n[default]\nMaxProtocol = {version.replace('_', '.')}\n"
        )
        done = empty_root.run(executable, env={"OBELISK_SNAPSHOT": "explain"})
        assert done.stderr == "/app: started from the snapshot\n"
        assert done.stdout == f"{version}\n"


def test_modules_that_the_settings_leave_out_and_add(tmp_path):
    (tmp_path / "script.py").write_text("import beside\nprint(beside.other.NAME)\n")
    (tmp_path / "beside.py").write_text("import json\nimport other\nimport tomllib\n")
    (tmp_path / "other.py").write_text("NAME = __name__\n")
    shown = {}
    for options in ((), ("snapshot-exclude=['other']",), ("snapshot-imports=['wave']",)):
        words = ["--snapshot", *(word for option in options for word in ("--set", option))]
        path = tmp_path / "script"
        build_application("-q", *words, tmp_path / "script.py", "-o", path)
        shown[options] = set(json.loads(obelisk("inspect", "--json", path))["snapshot"]["modules"])
        assert run([path], cwd=tmp_path).stdout == "other\n"
    plain, without, more = shown.values()
    assert {"beside", "json", "other", "tomllib"} <= plain
    # What comes behind a module that is left out happens behind it.
    assert "json" in without
    assert not {"beside", "other", "tomllib"} & without
    assert "wave" in more - plain


def test_a_module_to_leave_out_that_is_not_there(tmp_path):
    (tmp_path / "script.py").write_text("import json.decoder\nprint(json.dumps(1))\n")
    names = ["_socket", "json", "json.decoder", "json.missing", "missing", "runpy"]
    words = ("--snapshot", "--set", f"snapshot-exclude={names}", tmp_path / "script.py")
    said = build_application(*words, "-o", tmp_path / "script", stderr=True)
    warned = [line for line in said.splitlines() if line.startswith("warning: ")]
    assert warned == [
        f"warning: `{name}` in `snapshot-exclude` is not in the executable"
        for name in ("json.missing", "missing")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "from threading import *\nThread(target=Event().wait, daemon=True).start()\n",
            "starts a thread",
        ),
        ("raise ValueError('no')\n", "ValueError: no"),
        ("import absent_module\n", "No module named 'absent_module'"),
    ],
    ids=["thread", "exception", "absent"],
)
def test_a_module_that_is_asked_for_but_cannot_be_kept(tmp_path, text, said):
    (tmp_path / "script.py").write_text("def run():\n    import asked\n")
    (tmp_path / "asked.py").write_text(text)
    words = ("--snapshot", "--set", "snapshot-imports=['asked']", tmp_path / "script.py")
    status = SnapshotError.exit_code
    done = build_application("-q", *words, "-o", tmp_path / "script", status=status)
    assert "`asked` in `snapshot-imports` cannot be" in done
    assert said in done
    assert not (tmp_path / "script").exists()


@pytest.mark.parametrize("text", ["os._exit(3)", "os._exit(0)", "os.abort()"])
def test_a_module_that_ends_the_build_is_named(tmp_path, text):
    (tmp_path / "script.py").write_text("import ending\n")
    (tmp_path / "ending.py").write_text(f"import os\n{text}\n")
    words = ("--snapshot", tmp_path / "script.py", "-o", tmp_path / "script")
    done = build_application("-q", *words, status=SnapshotError.exit_code)
    assert "importing `ending`" in done
    assert not (tmp_path / "script").exists()


def test_a_program_without_python_is_refused(tmp_path):
    program = Path("/bin/true").read_bytes()
    wheel = write_wheel(tmp_path, [], program, name="tiny")
    done = build_application("-q", "--snapshot", wheel, status=SnapshotError.exit_code)
    assert "no snapshot is possible: `bin/tiny` is a program, which runs without Python" in done


@pytest.mark.parametrize("name", ["TMPDIR", "SQLITE_TMPDIR"])
def test_folders_of_temporary_files_are_those_of_each_start(executables, tmp_path, name):
    executable = executables("snapshot/databases.py", "--snapshot")
    for env, folder in (({}, "/var/tmp"), ({name: str(tmp_path)}, str(tmp_path))):
        done = run([executable], cwd=tmp_path, env=env | {"OBELISK_SNAPSHOT": "explain"})
        assert done.stderr == f"{executable}: started from the snapshot\n"
        cold = run([executable], cwd=tmp_path, env=env | {"OBELISK_SNAPSHOT": "0"})
        assert done.stdout == cold.stdout == f"{folder}\n"
