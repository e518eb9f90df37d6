# /// script
# dependencies = ["jinja2==3.1.6", "numpy", "pillow", "polars"]
# [tool.obelisk]
# data = ["data/**/*"]
# ///
"""Everything that reads a file by its path reads those below the executable; nothing writes there."""

# expect: open stone wood
# expect: fstat True 12 0o100644
# expect: mmap b'stone'
# expect: sendfile 12
# expect: copied True
# expect: sqlite granite True
# expect: package loader Hello stone
# expect: file system loader Hello wood
# expect: zipfile ['inside.txt']
# expect: tarball 12
# expect: numpy 3.0
# expect: pillow (2, 2)
# expect: polars by Rust 6
# expect: descriptors True
# expect: folders True True
# expect: errors EISDIR ENOENT ENOTDIR
# expect: writes EROFS EXDEV
# expect: missing ENOENT
# expect: existing EEXIST
# expect: statvfs True
# expect: threads 800
# expect: no process sees it True

import errno
import mmap
import os
import shutil
import socket
import sqlite3
import stat
import tarfile
import threading
import zipfile
from pathlib import Path

HERE = Path(__file__).parent / "data"
TEXT = HERE / "items.txt"


def reading():
    print("open", *TEXT.read_text().split())
    with open(TEXT, "rb") as stream:
        facts = os.fstat(stream.fileno())
        same = facts.st_mtime == TEXT.stat().st_mtime
        print("fstat", same, facts.st_size, oct(facts.st_mode))
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            print("mmap", mapped[:5])
        one, other = socket.socketpair()
        print("sendfile", os.sendfile(one.fileno(), stream.fileno(), 0, 100))
        one.close()
        other.close()
    shutil.copy2(TEXT, "/tmp/copy")
    print("copied", Path("/tmp/copy").read_bytes() == TEXT.read_bytes())


def databases():
    with sqlite3.connect(f"file:{HERE / 'stones.sqlite3'}?mode=ro", uri=True) as database:
        (name,) = database.execute("select name from stones").fetchone()
    plain = sqlite3.connect(HERE / "stones.sqlite3")
    try:
        plain.execute("insert into stones values ('marble')")
    except sqlite3.OperationalError as error:
        print("sqlite", name, "readonly" in str(error))


def templates():
    from jinja2 import Environment, FileSystemLoader, PackageLoader

    for title, loader, name in (
        ("package loader", PackageLoader("data"), "stone"),
        ("file system loader", FileSystemLoader(HERE / "templates"), "wood"),
    ):
        print(title, Environment(loader=loader).get_template("hello.txt").render(name=name))


def archives():
    print("zipfile", zipfile.ZipFile(HERE / "archive.zip").namelist())
    with tarfile.open("/tmp/tarball", "w") as archive:
        archive.add(HERE, "data")
        print("tarball", archive.getmember("data/items.txt").size)


def libraries():
    """Linked objects in C and Rust open files by themselves."""
    import numpy
    import polars
    from PIL import Image

    print("numpy", float(numpy.memmap(HERE / "numbers.bin", dtype="float64", mode="r").sum()))
    print("pillow", Image.open(HERE / "image.png").size)
    print("polars by Rust", polars.scan_csv(HERE / "numbers.csv").collect()["n"].sum())


def name_of(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "nothing"


def refusals():
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc") else 0
    for _ in range(50):
        TEXT.read_bytes()
    after = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc") else 0
    print("descriptors", descriptors == after)
    entries = {entry.name: entry.stat() for entry in os.scandir(HERE)}
    kinds = {name: stat.S_ISDIR(facts.st_mode) for name, facts in entries.items()}
    print("folders", kinds["templates"], not kinds["items.txt"])
    print(
        "errors",
        name_of(open, HERE),
        name_of(open, HERE / "none"),
        name_of(os.listdir, TEXT),
    )
    new, old = HERE / "new", TEXT
    writes = [
        (open, new, "w"),
        (open, old, "r+"),
        (os.mkdir, new),
        (os.symlink, "/tmp", new),
        (os.mkfifo, new),
        (os.unlink, old),
        (os.rmdir, HERE),
        (os.rename, old, "/tmp/moved"),
        (os.rename, "/tmp/copy", new),
        (os.replace, "/tmp/copy", old),
        (os.link, "/tmp/copy", new),
        (os.chmod, old, 0o600),
        (os.chown, old, 0, 0),
        (os.utime, old),
        (os.truncate, old, 0),
        (os.setxattr, old, "user.x", b""),
    ]
    print("writes", *sorted({name_of(*call) for call in writes}))
    print("missing", *{name_of(*call) for call in ((os.unlink, new), (os.chmod, new, 0o600))})
    print("existing", *{name_of(*call) for call in ((os.mkdir, HERE), (os.mkfifo, old))})
    space = os.statvfs(HERE)
    print("statvfs", bool(space.f_flag & os.ST_RDONLY) and space.f_blocks > 0 == space.f_bfree)


def together():
    count = []

    def read():
        for _ in range(100):
            count.append(TEXT.read_text() == "stone\nwood\n\n")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("threads", sum(count))
    print("no process sees it", name_of(os.execv, TEXT, ["x"]) == "EACCES")


if __name__ == "__main__":
    for part in (reading, databases, templates, archives, libraries, refusals, together):
        part()
