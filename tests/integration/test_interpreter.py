"""`[tool.obelisk.interpreter]` has the effect that the reference says."""

import json
import os
import zipfile

import pytest
from support import APPS, obelisk, run, write_wheel

pytestmark = pytest.mark.compile

ALL = {
    "allocator": "malloc",
    "bytes-warning": 1,
    "check-hash-pycs": "always",
    "code-debug-ranges": False,
    "coerce-c-locale": False,
    "configure-locale": False,
    "cpu-count": "3",
    "dev-mode": False,
    "faulthandler": True,
    "hash-seed": 7,
    "import-time": 0,
    "int-max-str-digits": 1000,
    "meipass": True,
    "frozen": False,
    "multiprocessing-start-method": "spawn",
    "pycache-prefix": "/nowhere",
    "site-import": True,
    "stdio-encoding": "latin-1",
    "stdio-errors": "backslashreplace",
    "tracemalloc": 4,
    "warnings": ["error::UserWarning"],
    "x-options": ["stone", "weight=3"],
    "module-search-paths": ["$ORIGIN/plugins", "$ORIGIN/more.zip"],
}


def options(settings):
    return [
        word
        for key, value in settings.items()
        for word in ("--set", f"interpreter.{key}={json.dumps(value)}")
    ]


@pytest.fixture
def facts(executables, tmp_path):
    def tell(settings, *arguments, env=None):
        executable = executables("configured.py", *options(settings))
        done = run([executable, *arguments], cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) | {"stderr": done.stderr}

    return tell


def test_defaults(facts):
    found = facts({}, env={"PYTHONFAULTHANDLER": "1", "PYTHONHASHSEED": "0"})
    flags = found["flags"]
    assert (flags["ignore_environment"], flags["no_user_site"], flags["no_site"]) == (1, 1, 1)
    # As installed: coverage, pdb and others put a script's folder into the path unless told not to.
    assert (flags["isolated"], flags["safe_path"]) == (0, False)
    assert (found["faulthandler"], found["tracemalloc"], found["frozen"]) == (False, 0, True)
    assert found["stdout"] == ["utf-8", "surrogateescape", False]
    assert (found["site"], found["meipass"]) == (False, True)
    assert found["path"] == [".", "lib/python3.x", "lib/python3.x/site-packages"]
    assert facts({})["hash"] != found["hash"]


def test_everything_at_once(facts, executables):
    executable = executables("configured.py", *options(ALL))
    plugins = executable.parent / "plugins"
    plugins.mkdir(exist_ok=True)
    (plugins / "plugin.py").write_text("from archived import NAME\n")
    with zipfile.ZipFile(executable.parent / "more.zip", "w") as archive:
        archive.writestr("archived.py", "NAME = 'from a zip file'\n")
    found = facts(ALL, "plugin")
    flags = found["flags"]
    assert (flags["bytes_warning"], flags["hash_randomization"], flags["no_site"]) == (1, 1, 0)
    assert "error::UserWarning" in found["warnings"]
    assert found["filters"] == "error"
    assert found["x_options"] == {"stone": True, "weight": "3"}
    assert (found["faulthandler"], found["tracemalloc"]) == (True, 4)
    assert (found["start_method"], found["frozen"], found["meipass"]) == ("spawn", None, True)
    assert found["stdout"] == ["iso8859-1", "backslashreplace", False]
    assert (found["digits"], found["cpu_count"], found["site"]) == (1000, 3, True)
    assert found["path"] == [
        *(".", "lib/python3.x", "lib/python3.x/site-packages"),
        *("../plugins", "../more.zip"),
    ]
    assert found["plugin"] == "from a zip file"
    assert found["pycache_prefix"] == "/nowhere"
    assert found["hash"] == facts(ALL)["hash"]


QUOTAS = {
    "version 2": {"cpu.max": "50000 100000"},
    "version 1": {"cpu/cpu.cfs_quota_us": "90000", "cpu/cpu.cfs_period_us": "100000"},
    "rounded up": {"cpu.max": "100001 100000"},
    "no limit": {"cpu.max": "max 100000"},
    "no limit of version 1": {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
    "no control group": {},
}


@pytest.mark.parametrize("more", [(), ("--snapshot",)], ids=["cold", "snapshot"])
@pytest.mark.parametrize("quota", QUOTAS)
def test_processors_of_a_container(executables, empty_root, quota, more):
    executable = executables("configured.py", *options({"cpu-count": "cgroup"}), *more)
    for name, text in QUOTAS[quota].items():
        place = empty_root.folder / "sys/fs/cgroup" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text + "\n")
    usable = len(os.sched_getaffinity(0))
    wanted = {"version 1": 1, "version 2": 1, "rounded up": min(2, usable)}.get(quota, usable)
    done = empty_root.run(executable, env={"OBELISK_SNAPSHOT": "explain"})
    assert json.loads(done.stdout)["cpu_count"] == wanted
    assert done.stderr == ("/app: started from the snapshot\n" if more else "")


def test_the_environment_when_that_is_wanted(facts, tmp_path):
    (tmp_path / "plugin.py").write_text("NAME = 'from PYTHONPATH'\n")
    env = {"PYTHONPATH": str(tmp_path), "PYTHONHASHSEED": "0", "PYTHONTRACEMALLOC": "2"}
    found = facts({"use-environment": True}, "plugin", env=env)
    assert (found["flags"]["ignore_environment"], found["flags"]["hash_randomization"]) == (0, 0)
    assert found["tracemalloc"] == 2
    assert found["plugin"] == "from PYTHONPATH"


def test_development_mode_and_import_times(facts):
    found = facts({"dev-mode": True, "import-time": 1, "verbose": 0})
    assert found["flags"]["dev_mode"]
    assert "import time:" in found["stderr"]


def test_bytecode_of_outside_modules(facts, executables):
    settings = {"module-search-paths": ["$ORIGIN/own"], "write-bytecode": True}
    folder = executables("configured.py", *options(settings)).parent / "own"
    folder.mkdir()
    (folder / "plugin.py").write_text("NAME = 'x' * 3\n")
    assert facts(settings, "plugin")["plugin"] == "xxx"
    assert len(list((folder / "__pycache__").glob("plugin.*.pyc"))) == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [("faulthander=true", "did you mean `faulthandler`"), ("cpu-count=0", "cpu-count")],
)
def test_mistakes_are_named(setting, said, tmp_path):
    what = APPS / "configured.py"
    argv = ["build", what, "-o", tmp_path / "x", "--set", f"interpreter.{setting}"]
    assert said in obelisk(*argv, status=2)


ASKS = "import sys\nprint(getattr(sys, 'frozen', 'no'), getattr(sys, '_MEIPASS', 'no'))\n"


def test_a_script_that_asks_whether_it_is_frozen_is_told(tmp_path, python_version):
    """Its packages are not asked: mercurial, installed, must not look beside the executable."""
    files = {"asking.py": f"def main():\n    {ASKS.splitlines()[1]}\nimport sys\n"}
    write_wheel(tmp_path, ["asking = asking:main"], name="asking", files=files)
    wheel = tmp_path / "asking-1.0-py3-none-any.whl"
    obelisk("build", wheel, "-q", "-o", tmp_path / "asking", "--python", python_version)
    assert run([tmp_path / "asking"], cwd=tmp_path).stdout == "no no\n"
    (tmp_path / "script.py").write_text(ASKS)
    options = ("-o", tmp_path / "script", "--python", python_version)
    said = obelisk("build", tmp_path / "script.py", *options, stderr=True)
    assert (
        "setting `sys.frozen`, which script.py reads (to disable: `interpreter.frozen = false`"
        in said
    )
    path = tmp_path / "script"
    assert run([path], cwd=tmp_path).stdout == f"True {path}\n"
    unset = ("--set", "interpreter.frozen=false", "--set", "interpreter.meipass=false")
    assert "sys.frozen" not in obelisk(
        "build", tmp_path / "script.py", *options, *unset, stderr=True
    )
    assert run([path], cwd=tmp_path).stdout == "no no\n"
