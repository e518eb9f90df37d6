"""The executable's own file system, asked by Python, by libc, and by linked C, C++ and Rust."""

import shutil
import sqlite3
import struct
import zipfile
import zlib

import pytest
from support import APPS, expected, obelisk

pytestmark = [pytest.mark.compile, pytest.mark.network]


def png(width, height):
    """The bytes of a black picture."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "files"
    shutil.copytree(APPS / "files", folder)
    with sqlite3.connect(folder / "data/stones.sqlite3") as database:
        database.execute("create table stones (name)")
        database.execute("insert into stones values ('granite')")
    with zipfile.ZipFile(folder / "data/archive.zip", "w") as archive:
        archive.writestr("inside.txt", "x")
    (folder / "data/numbers.bin").write_bytes(struct.pack("<3d", 0.5, 1, 1.5))
    (folder / "data/image.png").write_bytes(png(2, 2))
    return folder


@pytest.mark.parametrize("compression", ["unused", "zstd"])
def test_files_are_read_and_never_written(project, empty_root, python_version, compression):
    place = project.parent / compression
    options = ("--compression", compression, "--python", python_version, "-o", place)
    obelisk("build", "-q", project / "app.py", *options)
    # polars writes code to ask the processor for its features.
    done = empty_root.run(place, makes_code=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "files/app.py")
