"""Functions whose code is not in the snapshot, since no training run called them."""

import re

import pytest
from support import APPS, PYTHON_VERSION, build_application, obelisk, run

from obelisk.verify.verify import open_payload

pytestmark = pytest.mark.compile

COLD = {"OBELISK_SNAPSHOT": "0"}
EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}


@pytest.fixture(scope="module")
def deferred(tmp_path_factory):
    path = tmp_path_factory.mktemp("deferred") / "deferred"
    build_application("-q", "--snapshot", "--train", "", APPS / "snapshot/deferred.py", "-o", path)
    return path


def parted(done):
    """Return (output without what tells of deferred functions, how many there are and are left)."""
    assert done.returncode == 0, done.stderr
    (numbers,) = re.findall(r"^deferred \[(\d+), (\d+)\]$", done.stdout, re.MULTILINE)
    return re.sub(r"^deferred .*\n", "", done.stdout, flags=re.MULTILINE), *map(int, numbers)


def test_a_trained_run_needs_none_of_them(deferred):
    done = run([deferred], cwd="/", env=EXPLAIN)
    _, count, left = parted(done)
    assert count == left > 1000
    assert done.stderr == f"{deferred}: started from the snapshot\n"


@pytest.mark.parametrize(
    "part",
    [
        *("calls", "errors", "looks", "texts", "changes", "classes", "systems"),
        *("tools", "limits", "ends", "hooks"),
    ],
)
def test_a_program_cannot_tell_them_from_others(deferred, part):
    output, count, left = parted(run([deferred, part], cwd="/"))
    expected, *nothing = parted(run([deferred, part], cwd="/", env=COLD))
    assert output == expected
    assert (0 < left < count, nothing) == (True, [0, 0])
    assert len(output.splitlines()) >= 1


def test_parts_of_a_program_do_not_depend_on_each_other(deferred):
    parts = (
        "looks",
        "texts",
        "calls",
        "tools",
        "classes",
        "limits",
        "systems",
        "changes",
        "errors",
        # Python 3.13 does not finalize objects at its end when a program was traced before.
        *(("ends",) if PYTHON_VERSION != "3.13" else ()),
    )
    expected = parted(run([deferred, *parts], cwd="/", env=COLD))
    assert parted(run([deferred, *parts], cwd="/"))[0] == expected[0]


def test_damage_of_their_bytecode_ends_the_process_that_needs_it(deferred, tmp_path):
    """As an import of the module would."""
    _, payload = open_payload(deferred)
    (record,) = (one for one in payload.modules if one.name.endswith("deferred_modules/kinds.py"))
    stored = bytes(payload.data[record.offset : record.offset + record.stored])
    data = bytearray(deferred.read_bytes())
    data[data.index(stored) + len(stored) // 2] ^= 1
    damaged = tmp_path / "damaged"
    damaged.write_bytes(data)
    damaged.chmod(0o755)
    assert parted(run([damaged], cwd="/"))[0] == ""
    done = run([damaged, "calls"], cwd="/")
    assert (done.returncode, done.stdout) == (74, "")
    assert "corrupt executable: checksum mismatch in `" in done.stderr


def test_a_function_is_handed_to_another_interpreter(tmp_path):
    (tmp_path / "functions.py").write_text("def five():\n    return 5\n")
    script = tmp_path / "app.py"
    script.write_text(
        "import sys\nimport functions\nfrom concurrent import interpreters\n"
        "if sys.argv[1:]:\n    print(interpreters.create().call(functions.five))\n"
    )
    path = tmp_path / "app"
    obelisk("build", "-q", "--snapshot", "--train", "", "--python", "3.14", script, "-o", path)
    assert run([path, "x"], cwd="/", env=EXPLAIN).stdout == "5\n"


def test_a_run_that_does_not_end_well_says_nothing_of_functions(tmp_path):
    script = tmp_path / "app.py"
    script.write_text(
        "import os\nimport json\ntry:\n    import _snapshot\nexcept ImportError:\n    pass\n"
        "else:\n    print(_snapshot.deferred(), flush=True)\nos._exit(0)\n"
    )
    path = tmp_path / "app"
    build_application("-q", "--snapshot", "--train", "", script, "-o", path)
    assert run([path], cwd="/").stdout == "(0, 0)\n"


def test_without_training_all_functions_have_their_code(executables):
    path = executables("snapshot/deferred.py", "--snapshot")
    assert parted(run([path], cwd="/"))[1:] == (0, 0)


def test_audit_hooks_whose_functions_have_no_code(tmp_path):
    application, executable = APPS / "snapshot/audited.py", tmp_path / "audited"
    build_application("-q", "--snapshot", "--train", "", application, "-o", executable)
    done, cold = (run([executable, "abc"], cwd="/", env=env) for env in (EXPLAIN, COLD))
    assert done.stderr == f"{executable}: started from the snapshot\n"
    assert done.stdout == cold.stdout == "['audited.ask'] ['cba']\n"
