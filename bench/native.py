"""What linked shared objects cost: at start, at import, and when they are linked.

    python bench/native.py [--runs 40] [--python 3.14] [--against PYTHON]

Starts `hello` with and without numpy linked in, in turn; imports numpy in an executable and in
PYTHON, which must have it; and links numpy, and a site of many packages, several times. Prints
minimum and median, and ratios.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from start import measure, report

from obelisk.cache import Cache
from obelisk.collect.native import native_files
from obelisk.collect.read import read_tree
from obelisk.console import Console, Verbosity
from obelisk.distribution.build import python_source
from obelisk.distribution.libraries import Site, build_libraries
from obelisk.distribution.runtime import RuntimeOptions, obtain_runtime
from obelisk.link.image import link
from obelisk.link.native import Natives
from obelisk.model import LIBRARY_FOLDER, NativeFile
from obelisk.payload import Packed
from obelisk.target import DEFAULT_TARGET, parse_target

MANY = (
    *(
        "numpy",
        "scipy",
        "pandas",
        "pillow",
        "lxml",
        "cryptography",
        "pydantic",
        "orjson",
        "msgpack",
    ),
    *("pyyaml", "cffi", "greenlet", "uvloop", "psutil", "regex", "grpcio", "pyzmq"),
    *("polars", "psycopg[binary]", "matplotlib", "markupsafe", "charset-normalizer", "tokenizers"),
)


def build(folder: Path, name: str, text: str, version: str) -> Path:
    """Build a script and return its executable."""
    script = folder / f"{name}.py"
    script.write_text(text)
    place = folder / name
    command = [sys.executable, "-m", "obelisk", "build", "-q", str(script), "-o", str(place)]
    subprocess.run([*command, "--python", version], check=True, stdout=subprocess.DEVNULL)
    return place


def with_numpy(text: str) -> str:
    """Return a script that has numpy beside it."""
    return f'# /// script\n# dependencies = ["numpy"]\n# ///\n{text}'


def time_linking(packages: tuple[str, ...], folder: Path, version: str, runs: int) -> None:
    """Install packages and link their shared objects, several times."""
    target = parse_target(DEFAULT_TARGET)
    site = Site(cache=Cache(), console=Console(Verbosity.QUIET), target=target, sources=None)
    place = folder / "site"
    command = ["uv", "pip", "install", "-q", "--target", place, "--only-binary", ":all:"]
    command += ["--python-version", version, "--python-platform", target.triple, *packages]
    subprocess.run(command, check=True)
    _, data = read_tree(place)
    files = native_files(place, data, ())
    zlib = build_libraries(site)["zlib"] / "lib/libz.so.1"
    library = NativeFile(path=f"{LIBRARY_FOLDER}/libz.so.1", source=zlib, package=None)
    digits = version.replace(".", "")
    natives = Natives(
        files=files,
        provided={"libz.so.1": library},
        abi=f"cpython-{digits}-{target.platform_triplet}",
    )
    runtime = obtain_runtime(site, python_source(version), RuntimeOptions()).path.read_bytes()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        image = link(runtime, Packed(pieces=(), size=0), natives, target)
        with (folder / "linked").open("wb") as file:
            image.write(file)
        seconds.append(time.perf_counter() - started)
    low, middle = min(seconds), statistics.median(seconds)
    what = f"linking and writing {len(files)} objects, {image.size >> 20} MiB"
    print(f"{what}: {low:.2f} s min, {middle:.2f} s median")
    subprocess.run(["rm", "-rf", place], check=True)


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--python", default="3.14")
    parser.add_argument("--against")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, version = Path(name), options.python
        commands = {
            "with numpy linked in, not imported": [
                str(build(folder, "beside", with_numpy('print("hello")\n'), version))
            ],
            "without": [str(build(folder, "without", 'print("hello")\n', version))],
        }
        report("hello", measure(commands, options.runs))
        commands = {
            "obelisk": [str(build(folder, "imported", with_numpy("import numpy\n"), version))]
        }
        if options.against:
            commands[options.against] = [options.against, "-I", "-c", "import numpy"]
        report("import numpy", measure(commands, options.runs))
        time_linking(("numpy",), folder, version, 5)
        time_linking(MANY, folder, version, 5)


if __name__ == "__main__":
    main()
