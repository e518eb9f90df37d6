"""The rules of the house: who may import whom, who may print, start programs or know the system."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src/obelisk"
LEVELS = [
    {"errors", "target", "model"},
    {
        *{"console", "process", "children", "interrupt", "fetch", "cache", "catalog", "toolchain"},
        *{"disk", "drafts", "files", "filetimes", "locks", "regular", "stored", "untar"},
    },
    {"config"},
    {"distribution"},
    {"plan", "program", "reach"},
    {"collect", "compile", "payload", "payload_reader", "importable", "link"},
    {"frames"},
    {"pack", "verify", "output", "training"},
    {"report"},
    {"build", "unused"},
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
    # Those run in the target's Python, as programs of their own.
    assert found - {"worker.py", "guard.py"} <= allowed


def texts_without_encoding(path):
    """Calls that read or write text in the encoding of whoever's locale it is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {keyword.arg for keyword in node.keywords}
            # That of importlib.metadata takes a name, and is of UTF-8.
            of_path = node.func.attr == "write_text" or not node.args
            if (
                node.func.attr in ("read_text", "write_text")
                and of_path
                and "encoding" not in named
            ):
                yield f"{path.name}:{node.lineno}"


def test_text_is_utf8_whatever_the_locale_says():
    """Where only pinned sources and our own texts are read, all of them are ASCII.

    What stands there is in the keys of the cache: an edit makes all be built anew.
    """
    read = [path for path in FILES if part(path) not in ("distribution", "toolchain")]
    assert [found for path in read for found in texts_without_encoding(path)] == []


def test_modules_stay_small():
    for path in [*FILES, *ROOT.glob("runtime/*")]:
        if path.suffix in (".py", ".c", ".h"):
            assert len(path.read_text().splitlines()) <= 400, path
