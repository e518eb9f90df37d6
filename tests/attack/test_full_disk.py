"""Disks that are full at every stage of a build: one clear error, and nothing half-written."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from support import write_wheel

from obelisk.errors import StorageError
from obelisk.services.cache import Cache, integrity
from obelisk.services.fetch import fetch, unpack
from obelisk.services.pins import Origin, Pin

pytestmark = pytest.mark.compile
MEBIBYTE = 1 << 20
USED_LATER = "libraries"
"""Of the cache, what a build does not use while it has a distribution."""
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


class Site:
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
        self.environment = os.environ
        try:
            self.fill()
        except BaseException:
            self.close()
            raise

    def fill(self):
        """Copy what this build uses of the cache, which may have entries of many others."""
        began = time.time()
        self.build_soundly()
        self.cache.mkdir()
        shutil.copy2(Cache().root / "CACHEDIR.TAG", self.cache)
        for entry in Cache().entries():
            if entry.kind == USED_LATER or (entry.kind != "uv" and entry.used >= began - 1):
                place = self.cache / entry.path.relative_to(Cache().root)
                shutil.copytree(entry.path, place, symlinks=True)
        self.environment = os.environ | {"OBELISK_CACHE": str(self.cache)}
        self.build_soundly()
        self.expected = self.output.read_bytes()

    def build_soundly(self):
        status, said = self.build()
        assert status == 0, said

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
    site = Site(tmp_path_factory.mktemp("full"), python_version)
    yield site
    site.close()


def full_build(site, stage, space):
    """Build on a full disk; return the name of the outcome."""
    removed, _ = BUILDS[stage]
    before = site.output.read_bytes()
    status, said = site.build_with(space, removed)
    if status == 0:
        assert site.output.read_bytes() == site.expected
        return "succeeded"
    assert site.output.read_bytes() == before
    require_clear(status, said, site.disk.folder)
    return "refused at once" if "not enough disk space" in said else "clear error"


def full_output(site, space):
    site.output.unlink()
    site.output_disk.leave(space)
    try:
        status, said = site.build()
        assert os.listdir(site.output.parent) == ([] if status else [site.output.name])
    finally:
        site.output_disk.leave(256 * MEBIBYTE)
        site.output.write_bytes(site.expected)
    if status == 0:
        return "succeeded"
    require_clear(status, said, site.output_disk.folder)
    return "refused at once" if "not enough disk space" in said else "clear error"


def require_clear(status, said, disk):
    assert status == 8, said
    assert said.count("error: ") == 1, said
    words = " ".join(said.split())
    assert "disk" in words.partition("hint:")[0], said
    assert str(disk) in words, said
    assert "MiB" in words, said
    assert "Traceback" not in said, said


def full_download(site, space):
    data = os.urandom(BIG)
    (site.kept.with_name("archive.tar")).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    url = site.kept.with_name("archive.tar").as_uri()
    origin = Origin(url=url, debian=None, sha256=digest, size=len(data))
    pinned = Pin(name="t", version="1", license="MIT", license_file="L", origins=(origin,))
    cache = Cache(site.cache)
    site.disk.leave(space)
    try:
        return raised(lambda: fetch(pinned, cache, None), site.disk.folder)
    finally:
        site.disk.leave(1024 * MEBIBYTE)
        cache.close()
        site.check_cache()
        shutil.rmtree(site.cache / "downloads", ignore_errors=True)


def full_unpack(site, space):
    folder = site.kept
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(6):
        (folder / str(number)).write_bytes(os.urandom(BIG // 6))
    archive = folder.with_name("packed.tar.gz")
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, "top")
    into = site.disk.folder / "into"
    into.mkdir()
    site.disk.leave(space)
    try:
        return raised(lambda: unpack(archive, into), site.disk.folder)
    finally:
        site.disk.leave(1024 * MEBIBYTE)
        shutil.rmtree(into)


def raised(work, disk):
    said = ""
    try:
        work()
    except StorageError as error:
        said = str(error)
    assert not said or str(disk) in said, said
    return "clear error" if said else "succeeded"


def test_full_disks(campaign, site, monkeypatch):
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    attack = campaign("full disks", part=3, whole=72)
    for case in attack.cases:
        random = attack.random(case)
        stage = STAGES[case % len(STAGES)]
        if stage in BUILDS:
            outcome = full_build(site, stage, random.randrange(BUILDS[stage][1]))
        else:
            full = {"download": full_download, "unpack": full_unpack, "output": full_output}[stage]
            outcome = full(site, random.randrange(BIG if stage != "output" else 24 * MEBIBYTE))
        attack.saw(f"{stage}: {outcome}")
    status, said = site.build()
    assert (status, said.count("warning")) == (0, 0), said
    assert Path(site.output).read_bytes() == site.expected
    site.check_cache()
