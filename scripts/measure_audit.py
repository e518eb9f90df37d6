"""Measure how long an audit of a folder of executables takes, by hand: no test depends on time.

`python scripts/measure_audit.py EXECUTABLE [COUNT]` copies the executable, each copy with bytes of
its own, beside a database as large as OSV's of PyPI, and audits them: the first time after the
files were dropped from memory, then as often as it takes to see what a warm machine needs.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ADVISORIES = 20_000
VERSIONS = 60
TURNS = 3


def main() -> None:
    """Make the files, and print the seconds of each turn."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    executable = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as name:  # noqa: S108
        folder = Path(name)
        write_copies(executable, folder / "fleet", count)
        write_mirror(folder / "all.zip")
        for turn in range(TURNS + 1):
            if turn == 0:
                drop(folder)
            seconds, processor = audited(folder)
            state = "cold" if turn == 0 else "warm"
            print(f"{state}: {seconds:.2f} s, of the processor {processor:.2f} s")


def write_copies(executable: Path, folder: Path, count: int) -> None:
    """Copy an executable; what follows the file's own end is no part of it, and differs."""
    folder.mkdir()
    data = executable.read_bytes()
    for number in range(count):
        path = folder / f"app-{number:03}"
        path.write_bytes(data + f"copy {number:06}\n".encode())
        path.chmod(0o755)
    print(f"{count} executables of {len(data) / 1e6:.1f} MB")


def write_mirror(path: Path) -> None:
    """Write advisories of packages, some of which are in every application."""
    source = random.Random(0)  # noqa: S311 - the same every time
    names = ["urllib3", "requests", "cryptography", "numpy", "lxml", "openssl"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(ADVISORIES):
            package = names[number % 6] if number < 600 else f"package-{number % 5000}"
            versions = [f"{major}.{minor}" for major in range(6) for minor in range(VERSIONS // 6)]
            events = [{"introduced": "0"}, {"fixed": f"0.{source.randrange(9)}"}]
            advisory = {
                "schema_version": "1.7.0",
                "id": f"TEST-{number}",
                "modified": "2026-01-01T00:00:00Z",
                "aliases": [f"CVE-0000-{number}"],
                "details": "x " * 500,
                "affected": [
                    {
                        "package": {"ecosystem": "PyPI", "name": package},
                        "ranges": [{"type": "ECOSYSTEM", "events": events}],
                        "versions": [f"0.{version}" for version in versions],
                    }
                ],
            }
            archive.writestr(f"TEST-{number}.json", json.dumps(advisory))
    print(f"{ADVISORIES} advisories, {path.stat().st_size / 1e6:.1f} MB")


def drop(folder: Path) -> None:
    """Write all files to the disk, and ask the system to forget them."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            number = os.open(path, os.O_RDONLY)
            os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(number)


def audited(folder: Path) -> tuple[float, float]:
    """Audit the folder in a process of its own; return its seconds, and those of the processor."""
    argv = [sys.executable, "-m", "obelisk", "audit", "-q", str(folder / "fleet")]
    argv += ["--database", str(folder / "all.zip")]
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    seconds = time.monotonic() - start
    if done.returncode not in (0, 10):
        sys.exit(f"the audit failed with status {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return seconds, used


if __name__ == "__main__":
    main()
