"""A real command-line program by Obelisk, by PyInstaller and in a venv: start, build time and size.

    python bench/peers.py [--runs 15]

The program imports click, requests, rich, jinja2 and yaml and renders one template. Everything is
made in one temporary folder, on the Python that runs this; the distribution must be in the cache.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REQUIREMENTS = ("click", "requests", "rich", "jinja2", "pyyaml")
PROGRAM = """\
# /// script
# dependencies = ["click", "requests", "rich", "jinja2", "pyyaml"]
# ///
import click, jinja2, requests, rich.console, yaml

@click.command()
def main():
    names = yaml.safe_load("names: [one, two]")["names"]
    text = jinja2.Template("{% for n in names %}{{ n }} {% endfor %}").render(names=names)
    rich.console.Console().print(text, requests.__version__)

if __name__ == "__main__":
    main()
"""


def timed(command: list[str], folder: Path) -> float:
    """Run a command and return its seconds."""
    started = time.perf_counter()
    subprocess.run(
        command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    return time.perf_counter() - started


def main() -> None:
    """Build with each, then start all in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cli.py").write_text(PROGRAM)
        subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=folder, check=True)
        python = str(folder / "venv/bin/python")
        install = [python, "-m", "pip", "install", "-q", "pyinstaller", *REQUIREMENTS]
        subprocess.run(install, cwd=folder, check=True, stderr=subprocess.DEVNULL)
        obelisk = [sys.executable, "-m", "obelisk", "build", "-q", "cli.py", "-o", "by-obelisk"]
        freeze = [python, "-m", "PyInstaller", "--onefile", "--name", "frozen", "cli.py"]
        timed(obelisk, folder)  # what is in no cache yet
        seconds = {"obelisk": timed(obelisk, folder), "PyInstaller onefile": timed(freeze, folder)}
        places = {
            "obelisk": folder / "by-obelisk",
            "PyInstaller onefile": folder / "dist/frozen",
        }
        commands = {key: [str(path)] for key, path in places.items()} | {"venv": [python, "cli.py"]}
        times: dict[str, list[float]] = {key: [] for key in commands}
        for turn in range(runs + 1):
            for key, command in commands.items():
                took = timed(command, folder) * 1000
                if turn:
                    times[key].append(took)
        report(times, seconds, {key: path.stat().st_size for key, path in places.items()})


def report(times: dict[str, list[float]], seconds: dict[str, float], sizes: dict[str, int]) -> None:
    """Print a row for each way, and what Obelisk takes of the others' values."""
    low, middle = min(times["obelisk"]), statistics.median(times["obelisk"])
    for key, row in times.items():
        print(
            f"{key:<20} start ms: min {min(row):7.1f} median {statistics.median(row):7.1f}", end=""
        )
        print(f"   ratio {low / min(row):.2f} {middle / statistics.median(row):.2f}", end="")
        if key in sizes:
            print(
                f"   build {seconds[key]:5.1f} s, ratio {seconds['obelisk'] / seconds[key]:.2f}",
                end="",
            )
            print(f"   size {sizes[key]} bytes, ratio {sizes['obelisk'] / sizes[key]:.2f}", end="")
        print()


if __name__ == "__main__":
    main()
