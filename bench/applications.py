"""The programs that are built, started and measured; their sources are in `apps/`."""

from __future__ import annotations

import random
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

_APPS = Path(__file__).parent / "apps"
_HEADER = re.compile(r"^# /// script\n((?:#.*\n)*?)# ///$", re.MULTILINE)
_MODULES = 2000
LARGE = "large.bin"
FRAME = "frame.csv"
_ROWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """A script, the modules and files beside it, and what it needs from the index."""

    name: str
    title: str
    folder: Path
    requirements: tuple[str, ...]
    data: tuple[str, ...] = ()
    """Names of files beside the script that it reads."""

    @property
    def script(self) -> Path:
        """The file that is run; its module has the application's name and a function `main`."""
        return self.folder / f"{self.name}.py"


def write_application(name: str, work: Path, *, quick: bool) -> Application:
    """Write an application's sources below `work` and return it."""
    folder = work / "apps" / name
    folder.mkdir(parents=True, exist_ok=True)
    title = _TITLES[name]
    if name == "modules":
        _write_modules(folder, _MODULES)
        return Application(name=name, title=title, folder=folder, requirements=())
    shutil.copyfile(_APPS / f"{name}.py", folder / f"{name}.py")
    data: tuple[str, ...] = ()
    if name == "large":
        data = (LARGE,)
        mebibytes = 64 if quick else 1024
        title = f"{mebibytes} MiB of data"
        _write_large(folder / LARGE, mebibytes)
    if name == "frame":
        data = (FRAME,)
        (folder / FRAME).write_text(_frame(_ROWS), encoding="utf-8")
    header = requirements((folder / f"{name}.py").read_text(encoding="utf-8"))
    return Application(name=name, title=title, folder=folder, requirements=header, data=data)


def requirements(script: str) -> tuple[str, ...]:
    """Return the dependencies that a script's PEP 723 header names."""
    found = _HEADER.search(script)
    if found is None:
        return ()
    text = "".join(line[2:] + "\n" for line in found[1].splitlines())
    return tuple(tomllib.loads(text).get("dependencies", ()))


def _write_modules(folder: Path, count: int) -> None:
    """Write a package of modules that each define a few things, and a script that imports all."""
    package = folder / "many"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    for number in range(count):
        (package / f"part{number:04}.py").write_text(_module(number), encoding="utf-8")
    imports = "".join(f"import many.part{number:04}\n" for number in range(count))
    body = (
        "\n\ndef main():\n    print(len(vars(many)))\n\n\nif __name__ == '__main__':\n    main()\n"
    )
    (folder / "modules.py").write_text(imports + body, encoding="utf-8")


def _module(number: int) -> str:
    return f'''"""Part {number}."""

LIMIT = {number}
NAMES = ("one{number}", "two{number}", "three{number}")


class Part{number}:
    """Keeps a value."""

    def __init__(self, value={number}):
        self.value = value

    def scaled(self, factor):
        """Return the value, scaled and limited."""
        return min(self.value * factor, LIMIT)


def total(parts):
    """Return the sum of several parts."""
    return sum(part.value for part in parts if part.value < LIMIT)
'''


def _frame(rows: int) -> str:
    """Return a table: numbers, a name, a day."""
    lines = (f"{n},name {n % 50},{n * 1.5},2026-01-{n % 28 + 1:02}\n" for n in range(rows))
    return "number,name,amount,day\n" + "".join(lines)


def _write_large(path: Path, mebibytes: int) -> None:
    """Write bytes that do not compress, and are the same each time."""
    if path.exists() and path.stat().st_size == mebibytes << 20:
        return
    source = random.Random(1)
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(source.randbytes(1 << 20))


_TITLES = {
    "hello": "hello",
    "cli": "command line of five libraries",
    "arrays": "numpy script",
    "imported": "import of numpy",
    "frame": "pandas, one CSV file",
    "service": "FastAPI service",
    "modules": f"{_MODULES:,} modules",
    "large": "1 GiB of data",
    "suite": "pyperformance",
    "micro": "micro table",
}
