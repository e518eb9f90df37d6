"""The rules of the house: who may import whom, who may print, start programs or know the system."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src/obelisk"
LEVELS = [
    {"errors", "target", "model"},
    {
        *{"console", "process", "children", "interrupt", "fetch", "cache", "catalog", "toolchain"},
        *{"disk", "drafts", "files", "locks", "untar"},
    },
    {"config"},
    {"distribution"},
    {"plan", "program"},
    {"collect", "compile", "payload", "link"},
    {"pack", "verify", "output"},
    {"report"},
    {"build"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
STAGES = {"collect", "compile", "pack", "link", "verify"}
FILES = sorted(
    path for path in ROOT.rglob("*.py") if "runtime" not in path.relative_to(ROOT).parts[:1]
)


def level(name):
    return next(number for number, names in enumerate(LEVELS) if name in names)


def part(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("obelisk"):
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            yield from (name for name in names if not name.startswith("__"))


@pytest.mark.parametrize("path", [p for p in FILES if part(p) != "__init__"], ids=str)
def test_imports_go_downwards(path):
    own = part(path)
    for name in imported(path):
        assert name == own or level(name) <= level(own), f"{path} imports {name}"
        if own in STAGES:
            assert name == own or name not in STAGES, f"stage {own} imports stage {name}"


def names_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("forbidden", "allowed"),
    [
        ({"print", "sys.stdout.write", "sys.stderr.write"}, {"console.py"}),
        ({"subprocess"}, {"process.py"}),
        ({"sys.exit"}, {"cli.py", "inspect.py"}),
        ({"sys.platform"}, {"toolchain.py"}),
    ],
    ids=["print", "subprocess", "exit", "platform"],
)
def test_some_things_have_one_place(forbidden, allowed):
    found = {path.name for path in FILES if forbidden & set(names_in(path))}
    assert found - {"worker.py"} <= allowed


def test_modules_stay_small():
    for path in [*FILES, *ROOT.glob("runtime/*")]:
        if path.suffix in (".py", ".c", ".h"):
            assert len(path.read_text().splitlines()) <= 400, path
