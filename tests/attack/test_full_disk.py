"""Disks that are full at every stage of a build: one clear error, and nothing half-written."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support import write_wheel

from obelisk.errors import StorageError
from obelisk.services.cache import Cache, integrity
from obelisk.services.fetch import fetch, unpack
from obelisk.services.pins import Origin, Pin

pytestmark = pytest.mark.compile
MEBIBYTE = 1 << 20
COPIED = ("distributions", "libraries", "runtimes", "bytecode", "builders")
BIG = 6 * MEBIBYTE
"""Size of the wheel's data, the download and the archive."""
BUILDS = {
    # What is removed from the cache, and the most space that is left, which is about enough.
    "installing": (("uv", "prefixes"), 14 * MEBIBYTE),
    "bytecode": (("bytecode",), 30 * MEBIBYTE),
    "runtime": (("runtimes",), 40 * MEBIBYTE),
    "builder": (("builders",), 80 * MEBIBYTE),
    "distribution": (("distributions",), 250 * MEBIBYTE),
    "work": ((), 16 * MEBIBYTE),
}
STAGES = ("installing", "bytecode", "download", "runtime", "builder", "unpack", "distribution")
STAGES += ("work", "output")


class SmallDisk:
    """A file system in memory, of a size that can be changed."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=8g", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip("mounting a small file system needs root: " + done.stderr)

    def leave(self, size):
        """Resize it so that about `size` bytes are free."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        # No size means no limit.
        option = f"remount,size={max(used + size, 4096)}"
        subprocess.run(["mount", "-o", option, str(self.folder)], check=True)

    def unmount(self):
        subprocess.run(["umount", str(self.folder)], check=True)


class Services:
    """A cache on a small disk, an output folder on another, and a wheel to build."""

    def __init__(self, folder, python):
        self.disk = SmallDisk(folder / "disk")
        self.output_disk = SmallDisk(folder / "output-disk")
        self.cache = self.disk.folder / "cache"
        self.output = self.output_disk.folder / "app"
        self.kept = folder / "kept"
        self.wheel = write_wheel(folder, ["tiny = tiny:main"], data=os.urandom(BIG))
        options = ("--python", python, "-o", self.output)
        self.command = [sys.executable, "-m", "obelisk", "build", "-q", self.wheel, *options]
        self.environment = os.environ | {"OBELISK_CACHE": str(self.cache)}
        try:
            self.fill()
        except BaseException:
            self.close()
            raise

    def fill(self):
        self.cache.mkdir()
        shutil.copy2(Cache().root / "CACHEDIR.TAG", self.cache)
        for kind in COPIED:
            shutil.copytree(Cache().root / kind, self.cache / kind, symlinks=True)
        status, said = self.build()
        assert status == 0, said
        self.expected = self.output.read_bytes()

    def close(self):
        self.disk.unmount()
        self.output_disk.unmount()

    def build(self):
        done = subprocess.run(
            self.command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def build_with(self, space, removed):
        """Build with little space, after some kinds were taken away; then give all back."""
        for kind in removed:
            (self.cache / kind).rename(self.cache.with_name(kind))
        self.disk.leave(space)
        try:
            return self.build()
        finally:
            self.disk.leave(1024 * MEBIBYTE)
            self.check_cache()
            for kind in removed:
                shutil.rmtree(self.cache / kind, ignore_errors=True)
                self.cache.with_name(kind).rename(self.cache / kind)

    def check_cache(self):
        """What was made is whole, and nothing else was left."""
        assert not any((self.cache / "work").iterdir())
        for entry in Cache(self.cache).entries():
            if entry.kind not in ("uv", "distributions", "libraries"):
                integrity.check(entry.path)


@pytest.fixture(scope="module")
def site(tmp_path_factory, executables, python_version):
    executables("hello.py")  # the cache is filled
    services = Services(tmp_path_factory.mktemp("full"), python_version)
    yield services
    services.close()


def full_build(services, stage, space):
    """Build on a full disk; return the name of the outcome."""
    removed, _ = BUILDS[stage]
    before = services.output.read_bytes()
    status, said = services.build_with(space, removed)
    if status == 0:
        assert services.output.read_bytes() == services.expected
        return "succeeded"
    assert services.output.read_bytes() == before
    require_clear(status, said, services.disk.folder)
    return "refused at once" if " needs " in said else "clear error"


def full_output(services, space):
    services.output.unlink()
    services.output_disk.leave(space)
    try:
        status, said = services.build()
        assert os.listdir(services.output.parent) == ([] if status else [services.output.name])
    finally:
        services.output_disk.leave(256 * MEBIBYTE)
        services.output.write_bytes(services.expected)
    if status == 0:
        return "succeeded"
    require_clear(status, said, services.output_disk.folder)
    return "refused at once" if " needs " in said else "clear error"


def require_clear(status, said, disk):
    assert status == 8, said
    assert said.count("error: ") == 1, said
    words = " ".join(said.split())
    assert f"disk of {disk}" in words, said
    assert "MiB" in words, said
    assert "Traceback" not in said, said


def full_download(services, space):
    data = os.urandom(BIG)
    (services.kept.with_name("archive.tar")).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    url = services.kept.with_name("archive.tar").as_uri()
    origin = Origin(url=url, debian=None, sha256=digest, size=len(data))
    pinned = Pin(name="t", version="1", license="MIT", license_file="L", origins=(origin,))
    cache = Cache(services.cache)
    services.disk.leave(space)
    try:
        return raised(lambda: fetch(pinned, cache, None), services.disk.folder)
    finally:
        services.disk.leave(1024 * MEBIBYTE)
        cache.close()
        services.check_cache()
        shutil.rmtree(services.cache / "downloads", ignore_errors=True)


def full_unpack(services, space):
    folder = services.kept
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(6):
        (folder / str(number)).write_bytes(os.urandom(BIG // 6))
    archive = folder.with_name("packed.tar.gz")
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, "top")
    into = services.disk.folder / "into"
    into.mkdir()
    services.disk.leave(space)
    try:
        return raised(lambda: unpack(archive, into), services.disk.folder)
    finally:
        services.disk.leave(1024 * MEBIBYTE)
        shutil.rmtree(into)


def raised(work, disk):
    said = ""
    try:
        work()
    except StorageError as error:
        said = str(error)
    assert not said or f"disk of {disk}" in said, said
    return "clear error" if said else "succeeded"


def test_full_disks(campaign, services, monkeypatch):
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    attack = campaign("full disks", part=3, whole=72)
    for case in attack.cases:
        random = attack.random(case)
        stage = STAGES[case % len(STAGES)]
        if stage in BUILDS:
            outcome = full_build(services, stage, random.randrange(BUILDS[stage][1]))
        else:
            full = {"download": full_download, "unpack": full_unpack, "output": full_output}[stage]
            outcome = full(services, random.randrange(BIG if stage != "output" else 24 * MEBIBYTE))
        attack.saw(f"{stage}: {outcome}")
    status, said = services.build()
    assert (status, said.count("warning")) == (0, 0), said
    assert Path(services.output).read_bytes() == services.expected
    services.check_cache()
