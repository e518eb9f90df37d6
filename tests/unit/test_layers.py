"""The rules of the house: who may import whom, who may print, start programs or know the system."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from obelisk.runtime.sources import c_folder
from obelisk.target import TARGETS

ROOT = Path(__file__).parents[2] / "src/obelisk"
ROOMS = [
    {"errors"},
    {"target", "model"},
    {"services"},
    {"toolchain", "pe"},
    {"components", "signing"},
    {"recipes", "payload", "config"},
    {"distribution"},
    {"buildenv", "runtime", "plan"},
    {"collect", "compile", "pack", "link", "verify"},
    {"trim", "output", "snapshot", "report", "explain", "installations", "inventory", "starts"},
    {"licenses", "relink"},
    {"audit"},
    {"pipeline", "rebuild"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
"""From the ground up: each imports what is below it, and itself."""
STAGES = {"collect", "compile", "pack", "link", "verify"}
"""They do not import one another."""
IN_TARGETS_PYTHON = {
    *("buildenv/guard.py", "buildenv/sitecustomize.py", "buildenv/windows_cc.py"),
    "collect/neighbours.py",
    *("compile/imports_worker.py", "compile/worker.py"),
}
"""Programs of their own, which the target's Python runs, without Obelisk."""
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.py")
    if ROOT / "runtime/frozen" not in path.parents
)


def level(room):
    return next(number for number, rooms in enumerate(ROOMS) if room in rooms)


def room_of(path):
    return path.removesuffix(".py").split("/")[0]


def tree(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imported(path):
    """Yield the rooms that a file imports from."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("obelisk"):
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            yield from (name for name in names if not name.startswith("__"))


@pytest.mark.parametrize("path", [path for path in FILES if path != "__init__.py"])
def test_imports_go_downwards(path):
    own = room_of(path)
    for room in imported(path):
        assert room == own or level(room) < level(own), f"{path} imports {room}"


def modules_imported(path):
    """Return the files that a file imports, also those that only types need."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found |= {name.removeprefix("obelisk.").replace(".", "/") + ".py" for name in names}
    return found & set(FILES)


def test_no_modules_import_one_another_in_a_circle():
    order = TopologicalSorter({path: modules_imported(path) for path in FILES})
    assert len(list(order.static_order())) == len(FILES)


def test_every_room_is_in_the_plan_and_says_what_it_is_for():
    found = {room_of(path) for path in FILES} - {"__init__"}
    assert found == set().union(*ROOMS)
    for package in ROOT.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))), package


def names_in(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


@pytest.mark.parametrize(
    ("forbidden", "allowed"),
    [
        ({"print", "sys.stdout.write", "sys.stderr.write"}, {"services/console.py"}),
        ({"subprocess"}, {"services/process.py"}),
        ({"sys.exit"}, {"cli.py", "commands/inspect.py"}),
        ({"sys.platform", "platform", "os.uname", "os.sched_getaffinity"}, {"services/host.py"}),
    ],
    ids=["print", "subprocess", "exit", "platform"],
)
def test_some_things_have_one_place(forbidden, allowed):
    found = {path for path in FILES if forbidden & set(names_in(path))}
    assert found - IN_TARGETS_PYTHON <= allowed


def texts_without_encoding(path):
    """Calls that read or write text in the encoding of whoever's locale it is."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {keyword.arg for keyword in node.keywords}
            # That of importlib.metadata takes a name, and is of UTF-8.
            of_path = node.func.attr == "write_text" or not node.args
            if (
                node.func.attr in ("read_text", "write_text")
                and of_path
                and "encoding" not in named
            ):
                yield f"{path}:{node.lineno}"


def test_text_is_utf8_whatever_the_locale_says():
    """Where only pinned sources and our own texts are read, all of them are ASCII."""
    ascii_only = {"buildenv", "distribution", "recipes", "runtime", "toolchain"}
    read = [path for path in FILES if room_of(path) not in ascii_only]
    assert [found for path in read for found in texts_without_encoding(path)] == []


def test_modules_stay_small():
    for path in [*ROOT.rglob("*.py"), *ROOT.rglob("*.[ch]")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_every_c_file_is_in_a_room_that_some_target_has():
    rooms = {room for target in TARGETS.values() for room in target.runtime_rooms}
    for room in ("recording", "snapshot", "thin"):  # what a runtime has for one purpose
        rooms |= {one for target in TARGETS.values() for one in target.rooms_for(room)}
    for path in c_folder().rglob("*.c"):
        assert path.parent.relative_to(c_folder()).as_posix() in rooms, path


def test_what_notes_first_uses_is_above_the_payload_that_it_watches():
    header = '#include "recording/'
    users = [path for path in c_folder().rglob("*.[ch]") if header in path.read_text()]
    rooms = {path.parent.relative_to(c_folder()).as_posix() for path in users}
    assert rooms == {".", "recording"}


def test_the_snapshot_calls_the_kernel_by_itself():
    """By number `syscall` goes through vfs, which goes on to the one that is defined here."""
    calls = re.compile(r"(?<![\w`])syscall\((?!long number, \.\.\.\))")
    for path in (c_folder() / "snapshot").rglob("*.[ch]"):
        assert not calls.search(path.read_text()), path
