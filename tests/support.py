"""How tests call Obelisk, and run what it built."""

import ctypes
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from obelisk.services import host

APPS = Path(__file__).parent / "apps"
SNAPSHOTS = "OBELISK_TEST_SNAPSHOT" in os.environ
"""Whether programs are built with snapshots."""
PYTHON_VERSION = os.environ.get("OBELISK_TEST_PYTHON", "3.14")
own_paths = pytest.mark.skipif(SNAPSHOTS, reason="paths of modules begin with /proc/self/exe there")


def obelisk(*arguments, cwd=None, env=None, status=0, stderr=False):
    """Run the command line; return stdout, and `stderr` too when it was to fail."""
    done = subprocess.run(
        [sys.executable, "-m", "obelisk", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env=os.environ | (env or {}),
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr if stderr or status != 0 else done.stdout


def build_application(*arguments, **options):
    """Build with the Python version that the tests are run for; return what is printed."""
    return obelisk("build", "--python", PYTHON_VERSION, *arguments, **options)


def packages(executable):
    """Return the versions of the packages in an executable, by their names."""
    found = json.loads(obelisk("inspect", "--json", executable))["components"]
    return {
        one["name"]: one["version"]
        for one in found
        if one["kind"] == "package" and "part_of" not in one
    }


_READER = """
import json, sys
from lib4sbom.parser import SBOMParser
reader = SBOMParser()
reader.parse_file(sys.argv[1])
print(json.dumps([package["name"] for package in reader.get_packages()]))
"""


def packages_by_another(path):
    """Return the names in a bill of materials, as lib4sbom reads it.

    In a process of its own, since it leaves its files open.
    """
    argv = [sys.executable, "-c", _READER, str(path)]
    done = subprocess.run(argv, capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


PR_SET_MDWE = 65


def refuse_new_code():
    """Deny this process, and what it executes, memory that becomes executable (Linux 6.3)."""
    ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0)


def run(argv, *, cwd, stdin=None, env=None, timeout=60, makes_code=False, before=None):
    """Run a program with no environment but `env`; `before` is called between fork and exec.

    Unless it `makes_code`, memory that was written to can never be run, as some systems have it.
    """
    return subprocess.run(
        [str(word) for word in argv],
        capture_output=True,
        cwd=cwd,
        env=env or {},
        input=stdin,
        text=True,
        timeout=timeout,
        check=False,
        preexec_fn=before or (None if makes_code else refuse_new_code),
    )


def wait_until_asleep(process, seconds=30):
    """Return when a process that said it was about to wait does so (proc(5), state S)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "S":
            return
        time.sleep(0.005)
    pytest.fail(f"the process did not wait within {seconds} s, but is in state {state}")


def emulation(target):
    """The words before an executable's path that run it here."""
    if host.runs(target):
        return []
    found = shutil.which(target.emulator)
    if found is None:
        pytest.skip(f"{target.emulator} is not installed (Debian's package qemu-user-static)")
    return [found]


def serve_many(argv, *, cwd):
    """Run the server of tests/apps/packages/uvloop_server.py, with sixteen clients at once."""
    server = subprocess.Popen(argv, cwd=cwd, env={}, stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())

    def ask_often(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for turn in range(200):
            connection.request("GET", f"/{number}/{turn}")
            assert connection.getresponse().read() == f"/{number}/{turn}".encode() * 100
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask_often, range(16)))
    last = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    last.request("GET", "/stop")
    assert last.getresponse().read() == b"/stop" * 100
    last.close()
    assert server.communicate(timeout=60)[0] == "uvloop\n"
    assert server.returncode == 0


def in_root(folder, path, *arguments):
    """The command line of a program that has `folder` for its root."""
    # Only root may chroot; others become root of a namespace of their own.
    prefix = [] if os.geteuid() == 0 else [shutil.which("unshare"), "--map-root-user"]
    return [*prefix, shutil.which("chroot"), str(folder), path, *map(str, arguments)]


def segments_of(executable, kind="LOAD"):
    """(offset, address, bytes in the file, bytes in memory) of each segment of a kind."""
    argv = ["readelf", "-lW", executable]
    words = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rows = re.findall(rf"^ +{kind} +(\w+) (\w+) \w+ +(\w+) (\w+)", words, re.MULTILINE)
    return [tuple(int(word, 16) for word in row) for row in rows]


def expected(path):
    """The lines that an application of tests/apps says it prints."""
    lines = path.read_text().splitlines()
    return [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]


def digest_of(text):
    data = text if isinstance(text, bytes) else text.encode()
    return urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(folder, scripts, script=None, *, name="tiny", files=None, data=b"", metadata=""):
    """Write a wheel of one module with these console scripts, and a script `tiny` as it is.

    `files` are in place of the module. What the wheel has is in its RECORD, with hashes.
    """
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    contents = files or {f"{name}.py": f"def main():\n    print('{name}')\n"}
    contents = contents | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "\n".join(["[console_scripts]", *scripts]),
    }
    if script:
        contents[f"{name}-1.0.data/scripts/{name}"] = script
    if data:
        contents[f"{name}_data.bin"] = data
    rows = [f"{file},sha256={digest_of(text)},\n" for file, text in contents.items()]
    contents[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"])
    with ZipFile(path, "w") as archive:
        for file, text in contents.items():
            archive.writestr(file, text)
    return path
