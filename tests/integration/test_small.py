"""`stdlib = "used"` and the profiles: what is left out, what is not, and what is said of it."""

import json
from pathlib import Path

import pytest
from support import obelisk, run

from obelisk.compile import imports
from obelisk.compile.following import IMPORTED_BY_C, IMPORTED_BY_PYTHON

pytestmark = pytest.mark.compile

OPTIONS = ("--profile", "small", "--set", 'include=["colorsys", "plistlib"]')


@pytest.fixture(scope="module")
def small(executables):
    return executables("frugal.py", *OPTIONS)


NEW_IN_3_14 = {"concurrent.interpreters._queues", "ctypes._layout", "string.templatelib"}


def missing(name):
    return (
        f"ModuleNotFoundError {name} No module named '{name}': not included in this executable, "
        f'because the build found no use of it (add `include = ["{name}"]`)'
    )


def test_a_small_executable_has_what_its_program_uses(small, empty_root):
    done = empty_root.run(small, "mailbox", "_sqlite3", "colorsys", "plistlib", "nothing")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == '{"modules": "few"} ' + repr("zażółć".encode("iso8859-2"))
    assert lines[1:] == [
        "mailbox False",
        missing("mailbox"),
        "_sqlite3 False",
        missing("_sqlite3"),
        "colorsys True",
        "plistlib True",
        "nothing False",
        "ModuleNotFoundError nothing No module named 'nothing'",
        "Traceback (most recent call last):",
    ]


def test_a_small_executable_is_linked_without_what_nothing_uses(small, executables):
    libraries = json.loads(obelisk("inspect", "--size", "--json", small))["runtime"]["libraries"]
    assert "sqlite" not in libraries
    size, whole = small.stat().st_size, executables("hello.py").stat().st_size
    assert size < 0.6 * whole
    assert libraries["openssl"]["code"] < 1 << 16  # SHA-256 for `integrity = "start"`
    assert "FAIL" not in obelisk("verify", small)
    inside = json.loads(obelisk("inspect", "--json", small))
    paths = {one["path"] for one in inside["modules"]}
    assert any(path.endswith("/plistlib.py") for path in paths)
    assert any(path.endswith("/xml/parsers/expat.py") for path in paths)  # plistlib imports it
    assert not any(path.endswith("/sqlite3/__init__.py") for path in paths)


def test_what_the_interpreter_and_extension_modules_import_is_known(
    executables, tmp_path, python_version
):
    """Every module that the tables name is one."""
    names = {*IMPORTED_BY_PYTHON, *IMPORTED_BY_C}
    names |= {name for ones in IMPORTED_BY_C.values() for name in ones}
    if python_version == "3.13":
        names -= NEW_IN_3_14
    code = "for name in os.environ['NAMES'].split(): __import__(name)"
    env = {"CODE": code, "NAMES": " ".join(sorted(names))}
    done = run([executables("anything.py")], cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")


SOURCE = """
import a, b.c
from .d import e, f
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import hidden
    concealed()
__all__ = ["exported", "other", "third", "fourth"]
try:
    import fast
except ImportError:
    fast = None
class K:
    from k import inner
    def method(self):
        import in_method
        return self.helper()
    @property
    def shown(self):
        import in_property
    @registered
    def handler(self):
        import in_handler
def function(name):
    import importlib
    importlib.import_module("constant.name")
    importlib.import_module(name)
    __import__(name, {}, {}, ["create_parser"])
    def nested():
        import in_nested
def exported():
    import in_exported
def compared(name):
    if name == "__main__":
        import by_value
if __name__ != "__main__":
    import as_module
if __name__ == "__main__":
    import only_as_main
    started()
import last
"""
AT_ONCE = ["a", "b.c", "d", "typing", "fast", "k", "as_module", "last"]
READ = """
import io, marshal, runpy, sys
code = marshal.dumps(compile(os.environ["SOURCE"], "m.py", "exec"))
sys.stdin = io.TextIOWrapper(io.BytesIO(len(code).to_bytes(8, "little") + code))
sys.argv = ["worker", os.environ["HOW"]]
runpy.run_path(os.environ["WORKER"], run_name="__main__")
"""


@pytest.fixture
def units(executables, tmp_path):
    """What the worker reads in the bytecode of the Python in an executable."""
    executable = executables("anything.py")
    worker = Path(imports.__file__).with_name("imports_worker.py")

    def read(how):
        env = {"CODE": READ, "SOURCE": SOURCE, "HOW": how, "WORKER": str(worker)}
        done = run([executable], cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)
        return {name: (imports, lines, set(mentions)) for name, imports, lines, mentions in found}

    return read


def imported(unit):
    return [name for _, name, _ in unit[0]]


def test_bytecode_tells_imports_mentions_and_computed_names(units):
    found = units("all")
    assert imported(found[""]) == AT_ONCE
    assert found[""][0][2] == [1, "d", ["e", "f"]]
    assert "registered" in found[""][2]
    assert not {"exported", "method", "function", "started", "concealed"} & found[""][2]
    assert imported(found["<main>"]) == ["only_as_main"]
    assert "started" in found["<main>"][2]
    assert imported(found["compared"]) == ["by_value"]
    assert imported(found["method"]) == ["in_method"]
    assert "helper" in found["method"][2]
    assert imported(found["shown"]) == ["in_property"]
    assert imported(found["*"]) == ["in_handler"]
    assert imported(found["function"]) == ["importlib", "constant.name", "in_nested"]
    assert len(found["function"][1]) == 2
    assert imported(found["exported"]) == ["in_exported"]


def test_bodies_alone_are_what_runs_at_once(units):
    found = units("bodies")
    assert imported(found[""]) == AT_ONCE
    assert not any(imported(unit) for name, unit in found.items() if name)
