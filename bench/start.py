"""Start-up time of executables against CPython of this machine, interleaved in one run.

    python bench/start.py [--runs 40] [--python 3.14] [--against PYTHON ...]

`hello` runs against `python -I -S -c`, and a program with several imports of the standard
library against the same program. Prints minimum and median in milliseconds, and their ratios.
Without `--against`, this Python and `python3` of the PATH are taken. These machines are noisy: read
the ratios, and the minimum first.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = {
    "hello": 'print("hello")\n',
    "imports": "import argparse, json, logging, pathlib, re, subprocess, typing\nprint('done')\n",
}


def measure(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Run each command in turn, `runs` times after one warm-up; return milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            if turn > 0:
                times[name].append((time.perf_counter() - started) * 1000)
    return times


def build(program: str, folder: Path, version: str, options: list[str]) -> Path:
    """Build one of the programs and return its executable."""
    script = folder / f"{program}.py"
    script.write_text(PROGRAMS[program])
    place = folder / program
    command = [sys.executable, "-m", "obelisk", "build", "-q", str(script), "-o", str(place)]
    subprocess.run([*command, "--python", version, *options], check=True, stdout=subprocess.DEVNULL)
    return place


def report(title: str, times: dict[str, list[float]]) -> None:
    """Print a row for each command, and what the first takes of the others' time."""
    print(f"\n{title:<44} {'min':>7} {'median':>7}   ratio of min, median")
    (own, *_) = times.values()
    for name, row in times.items():
        low, middle = min(row), statistics.median(row)
        ratios = f"{min(own) / low:.2f}  {statistics.median(own) / middle:.2f}"
        print(f"{name:<44} {low:7.2f} {middle:7.2f}   {ratios}")


def main() -> None:
    """Measure all programs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--python", default="3.14")
    parser.add_argument("--against", action="append", default=[])
    options = parser.parse_args()
    pythons = options.against or [os.path.realpath(sys.executable), "python3"]
    with tempfile.TemporaryDirectory() as name:
        for program, text in PROGRAMS.items():
            executable = build(program, Path(name), options.python, [])
            commands = {f"obelisk {options.python}": [str(executable)]}
            for python in pythons:
                commands[f"{python} -I -S -c"] = [python, "-I", "-S", "-c", text]
            report(program, measure(commands, options.runs))


if __name__ == "__main__":
    main()
