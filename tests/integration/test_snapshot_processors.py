"""Snapshots where the kernel cannot hide features of the processor, as on most of AMD's."""

import errno
import json
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from seccomp import refuser
from support import APPS, PYTHON_VERSION, obelisk, run

pytestmark = pytest.mark.compile

ARCH_CPUID = 0x1012
EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}
CPUINFO = Path("/proc/cpuinfo").read_text(encoding="utf-8")
BITS = {"aes": (0, 25), "avx2": (3, 5), "avx512f": (3, 16), "adx": (3, 19), "sha_ni": (3, 29)}
"""(Word, bit) of features, by what the kernel calls them."""
NEWER = "a processor of that kind has all that this one has"


@pytest.fixture(scope="session")
def hidden(executables):
    """One that was made as on a processor of one kind, if this kernel can hide features."""
    return executables("snapshot/memory.py", "--snapshot")


@pytest.fixture(scope="session")
def unhidden(tmp_path_factory):
    path = tmp_path_factory.mktemp("unhidden") / "memory"
    words = ("build", "-q", "--python", PYTHON_VERSION, "--snapshot")
    subprocess.run(
        [sys.executable, "-m", "obelisk", *words, APPS / "snapshot/memory.py", "-o", path],
        check=True,
        preexec_fn=refuser("arch_prctl", errno.ENODEV, flags=ARCH_CPUID),
    )
    return path


def words_of(path):
    """Return the words of features in a snapshot's header."""
    data = path.read_bytes()
    (headers,) = struct.unpack_from("<Q", data, 32)
    (count,) = struct.unpack_from("<H", data, 56)
    for number in range(count):
        kind, _, offset = struct.unpack_from("<IIQ", data, headers + 56 * number)
        if kind == 0x6F626C6F:
            return struct.unpack_from("<8I", data, offset + 88)
    raise AssertionError


def on(processor, path, folder):
    """Run an executable on a processor that qemu emulates; return what it says of its start."""
    qemu = shutil.which("qemu-x86_64-static") or pytest.skip("no qemu-x86_64-static here")
    done = run([qemu, "-cpu", processor, path, "path"], cwd=folder, env=EXPLAIN, makes_code=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, re.search(r": (started .*)", done.stderr)[1]


def test_one_is_made_and_used(unhidden, tmp_path):
    done = run([unhidden, "path"], cwd=tmp_path, env=EXPLAIN)
    assert done.stderr == f"{unhidden}: started from the snapshot\n"


def test_it_depends_on_what_this_processor_has(unhidden):
    flags = set(re.search(r"^flags\s*: (.*)", CPUINFO, re.MULTILINE)[1].split())
    words = words_of(unhidden)
    found = {name for name, (word, bit) in BITS.items() if words[word] & 1 << bit}
    assert found == flags & set(BITS)


def test_it_starts_cold_on_a_processor_that_lacks_some_of_it(hidden, unhidden, tmp_path):
    cold = "started without the snapshot: the processor lacks features"
    expected = json.loads(run([unhidden, "path"], cwd=tmp_path).stdout)[0][1:]
    for path in (hidden, unhidden):
        shown, how = on("Nehalem", path, tmp_path)
        assert how == cold
        assert json.loads(shown)[0][1:] == expected
    if "avx512f" not in CPUINFO:
        pytest.skip(NEWER)
    assert on("Haswell", unhidden, tmp_path)[1] == cold


@pytest.mark.skipif("cpuid_fault" not in CPUINFO, reason="the kernel cannot hide features")
def test_one_that_was_made_as_on_an_older_processor_starts_there(hidden, tmp_path):
    assert on("Haswell", hidden, tmp_path)[1] == "started from the snapshot"


def test_what_is_shown_says_which_processors_it_is_for(hidden, unhidden):
    builder = "on one that lacks a feature of the builder's, the executable starts cold"
    assert f"  depends on  processor: {builder}" in obelisk("inspect", unhidden).splitlines()
    found = json.loads(obelisk("inspect", "--json", unhidden))["snapshot"]["processor"]
    assert found == "builder's"
    (line,) = [line for line in obelisk("verify", unhidden).splitlines() if " snapshot: " in line]
    assert line.startswith("ok ")
    if "cpuid_fault" not in CPUINFO:
        return
    oldest = "on one without x86-64-v3 and AES, the executable starts cold"
    assert f"  depends on  processor: {oldest}" in obelisk("inspect", hidden).splitlines()


def test_nothing_else_of_it_is_other(hidden, unhidden, tmp_path):
    shown = [run([path, "modules"], cwd=tmp_path) for path in (hidden, unhidden)]
    assert shown[0].stdout == shown[1].stdout
