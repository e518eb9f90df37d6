"""Measure what is large: `python scripts/measure_large.py [file|files|modules|scripts ...]`.

A file of random bytes (`--gib`), 100,000 files, 20,000 modules, and five scripts against one.
Prints seconds, peak memory and starts; docs/explanation/performance.md has the results.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
STARTS = 20
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "many"
version = "1"
[project.scripts]
"""


def main() -> None:
    """Measure the cases that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--gib", type=float, default=5, help="size of the large file")
    options = parser.parse_args()
    for name in options.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="obelisk-large-", dir=Path.cwd()) as folder:
            CASES[name](Path(folder), options.gib)


def file(folder: Path, gib: float) -> None:
    """Build with one file, which is read from at its end."""
    size = int(gib * (1 << 30))
    with (folder / "data.bin").open("wb") as stream:
        for _ in range(size // MIB):
            stream.write(os.urandom(MIB))
    read = "import mmap, pathlib; f = open(pathlib.Path(__file__).with_name('data.bin'), 'rb')"
    build(f"a file of {gib} GiB", script(folder, "data.bin", f"{read}\nf.seek(-1, 2)"))


def files(folder: Path, _: float) -> None:
    """Build with small ones, in a hundred folders."""
    for number in range(100):
        part = folder / f"data/{number}"
        part.mkdir(parents=True)
        for other in range(1000):
            (part / f"{other}.txt").write_text(f"{number} {other}\n" * 20)
    build("100,000 files", script(folder, "data/**/*", "import json"))


def modules(folder: Path, _: float) -> None:
    """Build with small ones, in two hundred packages; one is imported."""
    for number in range(200):
        part = folder / f"package/part{number}"
        part.mkdir(parents=True)
        (part / "__init__.py").write_text("")
        for other in range(100):
            text = "".join(f"def f{i}(x):\n    return x + {i * other}\n\n\n" for i in range(5))
            (part / f"m{other}.py").write_text(f"NUMBER = {number * 100 + other}\n\n\n{text}")
    (folder / "package/__init__.py").write_text("")
    text = "import package.part7.m9\nprint(package.part7.m9.NUMBER)"
    build("20,000 modules", script(folder, "package/**/*", text))


def scripts(folder: Path, _: float) -> None:
    """Build a project with one script, and the same with five."""
    (folder / "src/many").mkdir(parents=True)
    (folder / "src/many/__init__.py").write_text("def main():\n    print('many')\n")
    took: dict[int, float] = {}
    for count in (1, 5, 1, 5):
        names = "".join(f'many{number} = "many:main"\n' for number in range(count))
        (folder / "pyproject.toml").write_text(PROJECT + names)
        seconds, _ = obelisk("build", str(folder), "-o", f"{folder}/dist/")
        took[count] = min(seconds, took.get(count, seconds))
    print(f"one script {took[1]:.2f} s, five {took[5]:.2f} s: {took[5] / took[1]:.2f} times")


CASES = {"file": file, "files": files, "modules": modules, "scripts": scripts}


def script(folder: Path, data: str, text: str) -> Path:
    """Write a script with data; return its path."""
    path = folder / "app.py"
    path.write_text(f'# /// script\n# [tool.obelisk]\n# data = ["{data}"]\n# ///\n{text}\n')
    return path


def build(what: str, path: Path) -> None:
    """Build it twice, verify it and start it; print what that took."""
    output = path.with_name("app")
    for _ in range(2):
        seconds, memory = obelisk("build", "--timings", str(path), "-o", str(output))
        size = output.stat().st_size / MIB
        print(f"{what}: built in {seconds:.1f} s, {memory:.0f} MiB at most; {size:.0f} MiB")
    seconds, memory = obelisk("verify", str(output))
    print(f"{what}: verified in {seconds:.1f} s, {memory:.0f} MiB at most")
    print(f"{what}: starts in {start(output):.2f} ms")
    small = path.parent / "small"
    small.mkdir()
    (small / "small.py").write_text("import json\n")
    obelisk("build", str(small / "small.py"), "-o", str(small / "small"))
    print(f"a program without it: starts in {start(small / 'small'):.2f} ms")


def obelisk(*arguments: str) -> tuple[float, float]:
    """Return the seconds that a command takes, and the MiB of its largest process."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "obelisk", *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"obelisk {' '.join(arguments)} failed")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def start(path: Path) -> float:
    """Return the milliseconds of the fastest of some starts."""
    took = []
    for _ in range(STARTS):
        started = time.monotonic()
        subprocess.run([path], check=True, env={}, stdout=subprocess.DEVNULL)
        took.append(time.monotonic() - started)
    return min(took) * 1000


if __name__ == "__main__":
    main()
