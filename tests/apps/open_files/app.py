# /// script
# dependencies = ["numpy", "pillow", "portalocker"]
# [tool.obelisk]
# data = ["data/*"]
# native-libraries = ["*.so"]
# ///
"""Everything that is done with an open file, in the folder that is named: `app.py SCENARIO [FOLDER]`.

Without a folder it is the one below the executable. What is printed is the same for both.
"""

import asyncio
import ctypes
import errno
import fcntl
import hashlib
import io
import mmap
import os
import random
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INSIDE = Path(__file__).parent / "data"
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else INSIDE
FILES = {name: FOLDER / name for name in ("small.txt", "large.bin")}
SCENARIOS = {}
LIBC = ctypes.CDLL(None)


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def short(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()[:16]}"


def failure(function, *arguments):
    try:
        return f"no error: {function(*arguments)}"
    except OSError as error:
        return errno.errorcode[error.errno]


@scenario
def reading():
    for name, path in FILES.items():
        print(name, short(path.read_bytes()))
        with open(path, "rb") as stream:
            print(short(stream.read(100)), stream.tell(), short(stream.peek()[:10]))
            print(short(b"".join(stream)))
        with open(path, encoding="latin-1", newline="") as stream:
            print(len(stream.readline()), stream.tell())


@scenario
def seeking():
    for path in FILES.values():
        size = path.stat().st_size
        with open(path, "rb", buffering=0) as stream:
            file = stream.fileno()
            print(stream.seek(0, os.SEEK_END), stream.read(1), stream.seek(-7, os.SEEK_CUR))
            print(short(stream.read(100)), stream.tell(), stream.seek(size + 10), stream.read(5))
            print(failure(stream.seek, -1), failure(os.lseek, file, size, os.SEEK_DATA))
            print(os.lseek(file, 5, os.SEEK_DATA), os.lseek(file, 5, os.SEEK_HOLE) == size)
            print(short(os.pread(file, 10, size - 5)), os.pread(file, 10, size))
            print(failure(os.pread, file, 10, -1))
            parts = [bytearray(7), bytearray(0), bytearray(9)]
            os.lseek(file, 0, os.SEEK_SET)
            print(os.readv(file, parts), short(b"".join(parts)), stream.tell())
            print(os.preadv(file, parts, size - 10), short(b"".join(parts)), stream.tell())
            print(os.preadv(file, parts, 3, 0), short(b"".join(parts)))
            waiting = fcntl.ioctl(file, 0x541B, bytes(4))
            print("FIONREAD", int.from_bytes(waiting, "little") == min(size - 16, 2**31))


@scenario
def status():
    for path in FILES.values():
        with open(path, "rb") as stream, open(path, "rb") as other:
            file = stream.fileno()
            print(os.fstat(file) == path.stat() == os.stat(file), stat.S_ISREG(os.fstat(file).st_mode))
            print(os.path.sameopenfile(file, other.fileno()), os.path.samestat(os.fstat(file), path.lstat()))
            print(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE, fcntl.fcntl(file, fcntl.F_GETFD))
            print(failure(os.write, file, b"x"), failure(os.ftruncate, file, 0))
            print(failure(fcntl.lockf, stream, fcntl.LOCK_EX | fcntl.LOCK_NB))
            print(fcntl.lockf(stream, fcntl.LOCK_SH | fcntl.LOCK_NB))
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        twin = FOLDER / "twin.bin"
        print(os.path.samefile(FILES["large.bin"], twin))


@scenario
def mapping():
    for path in FILES.values():
        size = path.stat().st_size
        with open(path, "rb") as stream:
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                print(len(mapped), short(mapped[:]), mapped.find(b"\1\2\3"), mapped.size() == size)
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
                mapped[:3] = b"new"
                print(short(mapped[:]))
            print(failure(mmap.mmap, stream.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_WRITE))
    with open(FILES["large.bin"], "rb") as stream:
        with mmap.mmap(stream.fileno(), 5000, access=mmap.ACCESS_READ, offset=8192) as mapped:
            print(short(mapped[:]))
    # It stays when the descriptor is closed.
    with open(FILES["large.bin"], "rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    print(short(mapped[:]))


@scenario
def duplicates():
    for path in FILES.values():
        stream = open(path, "rb", buffering=0)
        stream.read(10)
        copies = [os.dup(stream.fileno()), fcntl.fcntl(stream, fcntl.F_DUPFD, 50)]
        copies.append(os.dup2(stream.fileno(), 60, inheritable=False))
        stream.close()
        print([short(os.read(copy, 20)) for copy in copies])
        with os.fdopen(copies[0], "rb") as again, io.open(copies[1], "rb") as last:
            print(again.tell(), short(again.read()), last.tell())
        os.close(copies[2])
        # A file that is opened again through its descriptor has a place of its own.
        with open(path, "rb") as stream, open(f"/proc/self/fd/{stream.fileno()}", "rb") as other:
            stream.read(10)
            print(other.tell(), short(other.read()))


@scenario
def numbers():
    """An open file has the lowest number that is free, whatever was opened on the way."""
    lowest = os.dup(0)
    os.close(lowest)
    for path in FILES.values():
        first = os.open(path, os.O_RDONLY)
        second = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        print(first - lowest, second - lowest, bool(fcntl.fcntl(second, fcntl.F_GETFL) & os.O_NONBLOCK))
        os.close(first)
        itself = os.open(path, os.O_PATH)
        print(itself - lowest, failure(os.read, itself, 1), os.fstat(itself) == path.stat())
        print(short(Path(f"/proc/self/fd/{itself}").read_bytes()))
        os.close(itself)
        os.close(second)
    keep = os.dup(0)
    os.close(0)
    for path in FILES.values():
        print(os.open(path, os.O_RDONLY))
        os.set_inheritable(0, True)
        print(subprocess.run(["sha256sum"], capture_output=True, check=True).stdout[:16])
        os.close(0)
    os.dup2(keep, 0)


@scenario
def children():
    for path in FILES.values():
        with open(path, "rb") as stream:
            stream.seek(10)
            hashed = subprocess.run(["sha256sum"], stdin=stream, capture_output=True, check=True)
            print("stdin", hashed.stdout[:16].decode(), stream.seek(0))
            name = f"/dev/fd/{stream.fileno()}"
            argv = ["sha256sum", name]
            hashed = subprocess.run(argv, pass_fds=[stream.fileno()], capture_output=True, check=True)
            print("pass_fds", hashed.stdout[:16].decode())
            print("still here", short(stream.read()))
        with open(path, "rb") as stream, tempfile.TemporaryFile() as output:
            actions = [
                (os.POSIX_SPAWN_DUP2, stream.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            ]
            child = os.posix_spawnp("sha256sum", ["sha256sum"], os.environ, file_actions=actions)
            print("posix_spawn", os.waitpid(child, 0)[1], end=" ")
            output.seek(0)
            print(output.read(16).decode())
        with tempfile.TemporaryFile() as output:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, path, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            ]
            child = os.posix_spawnp("sha256sum", ["sha256sum"], os.environ, file_actions=actions)
            print("opened by the child", os.waitpid(child, 0)[1], end=" ")
            output.seek(0)
            print(output.read(16).decode())
        with open(path, "rb") as stream:
            argv = ["sha256sum", f"/dev/fd/{stream.fileno()}"]
            LIBC.syscall(ctypes.c_long(16), stream.fileno(), ctypes.c_long(0x5450))
            hashed = subprocess.run(argv, close_fds=False, capture_output=True, check=True)
            print("ioctl(FIONCLEX) by number", hashed.stdout[:16].decode())
        with open(path, "rb") as stream:
            os.set_inheritable(stream.fileno(), True)
            child = os.fork()
            if child == 0:
                os.dup2(stream.fileno(), 0)
                os.execvp("sha256sum", ["sha256sum", "--status", "-c", "/dev/null"])
            os.waitpid(child, 0)
            child = os.fork()
            if child == 0:
                os._exit(stream.read(20) != path.read_bytes()[:20])
            print("fork", os.waitpid(child, 0)[1], os.lseek(stream.fileno(), 0, os.SEEK_CUR) > 0)


@scenario
def messages():
    """A descriptor goes to a process that has never opened the file."""
    one, other = socket.socketpair()
    child = os.fork()
    if child == 0:
        for _ in FILES:
            _, (file,), _, _ = socket.recv_fds(other, 1, 1)
            other.send(short(os.pread(file, 1 << 24, 0)).encode().ljust(40))
        os._exit(0)
    for path in FILES.values():
        with open(path, "rb") as stream:
            socket.send_fds(one, [b"x"], [stream.fileno()])
            print(one.recv(40).decode().strip())
    print(os.waitpid(child, 0)[1])


@scenario
def locks():
    for path in FILES.values():
        with open(path) as one, open(path) as two:
            def attempt(stream, kind):
                return failure(fcntl.flock, stream, kind | fcntl.LOCK_NB)

            print(attempt(one, fcntl.LOCK_EX), attempt(two, fcntl.LOCK_SH))
            print(attempt(one, fcntl.LOCK_SH), attempt(two, fcntl.LOCK_SH))
            print(attempt(one, fcntl.LOCK_EX), attempt(two, fcntl.LOCK_UN))
            print(attempt(one, fcntl.LOCK_EX), attempt(two, fcntl.LOCK_EX))
            copy = os.dup(one.fileno())
            one.close()
            print(attempt(two, fcntl.LOCK_EX), os.close(copy), attempt(two, fcntl.LOCK_EX))
        child = os.fork()
        if child == 0:
            with open(path) as mine:
                os._exit(attempt(mine, fcntl.LOCK_EX) != "no error: None")
        print(os.waitpid(child, 0)[1])
        with open(path) as shared:
            print(attempt(shared, fcntl.LOCK_EX))
            child = os.fork()
            if child == 0:
                os._exit(attempt(shared, fcntl.LOCK_UN) != "no error: None")
            print("unlocked by a child", os.waitpid(child, 0)[1], attempt(shared, fcntl.LOCK_EX))


@scenario
def waiting():
    """A child waits for a lock of its parent, who does nothing more once it has given it up."""
    for path in FILES.values():
        statuses = set()
        with open(path):
            for _ in range(60):
                locked, waits = os.pipe(), os.pipe()
                child = os.fork()
                if child == 0:
                    signal.alarm(10)
                    os.read(locked[0], 1)
                    with open(path) as mine:
                        os.write(waits[1], b"x")
                        fcntl.flock(mine, fcntl.LOCK_EX)
                    os._exit(0)
                with open(path) as stream:
                    fcntl.flock(stream, fcntl.LOCK_SH)
                    os.write(locked[1], b"x")
                    os.read(waits[0], 1)
                    time.sleep(0.002)
                    fcntl.flock(stream, fcntl.LOCK_UN)
                    statuses.add(os.waitpid(child, 0)[1])
                for end in (*locked, *waits):
                    os.close(end)
        print(statuses)


@scenario
def another_lock():
    import portalocker

    options = {"mode": "r", "timeout": 0, "flags": portalocker.LOCK_EX | portalocker.LOCK_NB}
    with portalocker.Lock(FILES["small.txt"], **options) as stream:
        print(len(stream.read()))
        try:
            portalocker.Lock(FILES["small.txt"], **options).acquire()
        except portalocker.LockException:
            print("locked")
    with portalocker.Lock(FILES["small.txt"], **options):
        print("free again")


@scenario
def at_random():
    """Calls in any order, with any numbers, on several descriptors."""
    draw = random.Random(os.environ.get("SEED", "20261125"))
    digest = hashlib.sha256()
    for path in FILES.values():
        size = path.stat().st_size
        files = [os.open(path, os.O_RDONLY) for _ in range(3)]
        for _ in range(4000):
            outcome = call_at_random(draw, files, path, size)
            digest.update(repr(outcome).encode())
        for file in files:
            os.close(file)
        print(digest.hexdigest())


def call_at_random(draw, files, path, size):
    place = draw.choice([0, 1, 4095, 4096, size - 1, size, size + 1, draw.randrange(2 * size), -1])
    count = draw.choice([0, 1, 100, 4096, 65536, draw.randrange(size)])
    number = draw.randrange(len(files))
    file = files[number]
    parts = [bytearray(draw.randrange(5000)) for _ in range(draw.randrange(4))]

    def mapped():
        start = place // 4096 * 4096
        with mmap.mmap(file, count, access=mmap.ACCESS_READ, offset=start) as area:
            return area[:]

    def duplicated():
        os.dup2(file, files[draw.randrange(len(files))], inheritable=draw.random() < 0.1)

    def opened():
        os.close(file)
        files[number] = os.open(path, os.O_RDONLY)

    calls = [
        lambda: os.read(file, count),
        lambda: os.pread(file, count, place),
        lambda: (os.readv(file, parts), parts),
        lambda: (os.preadv(file, parts, place), parts),
        lambda: os.lseek(file, place, draw.choice([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END])),
        lambda: os.lseek(file, 0, os.SEEK_CUR),
        lambda: os.fstat(file).st_size,
        mapped,
        duplicated,
        opened,
    ]
    try:
        return draw.choice(calls)()
    except (OSError, ValueError, OverflowError) as error:
        return type(error).__name__, getattr(error, "errno", None)


@scenario
def copying():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "copy")
        for path in FILES.values():
            shutil.copyfile(path, place)
            print("copyfile", short(place.read_bytes()))
            shutil.copy2(path, place)
            print("copy2", place.stat().st_mtime == path.stat().st_mtime)
            with open(path, "rb") as source, open(place, "wb") as target:
                shutil.copyfileobj(source, target)
            print("copyfileobj", short(place.read_bytes()))
            with open(path, "rb") as source, open(place, "wb") as target:
                files = source.fileno(), target.fileno()
                # A file system that is not the target's may refuse it.
                outcome = failure(copied, *files)
                print("copy_file_range", outcome in ("no error: True", "EXDEV"))
                os.lseek(files[0], 0, os.SEEK_SET)
                print("sendfile", os.sendfile(files[1], files[0], 3, 5), os.lseek(files[0], 0, 1))
                print("sendfile", os.sendfile(files[1], files[0], None, 8), os.lseek(files[0], 0, 1))
                entrance, end = os.pipe()
                count = os.splice(files[0], end, 100)
                print("splice", os.read(entrance, 200)[:count] == path.read_bytes()[8 : 8 + count])
                os.close(entrance)
                os.close(end)


def copied(source, target):
    """Copy a file by the kernel, and say whether it is equal then."""
    while os.copy_file_range(source, target, 1 << 20):
        pass
    size = os.fstat(source).st_size
    with open(f"/proc/self/fd/{target}", "rb") as copy:
        return copy.read() == os.pread(source, size + 1, 0)


@scenario
def serving():
    for path in FILES.values():
        one, other = socket.socketpair()
        received = []
        thread = threading.Thread(target=lambda: received.extend(iter(lambda: other.recv(65536), b"")))
        thread.start()
        with open(path, "rb") as stream:
            print("socket.sendfile", one.sendfile(stream, 2))
        one.close()
        thread.join()
        other.close()
        print(short(b"".join(received)))
        print("asyncio", asyncio.run(served(path)))


async def served(path):
    async def answer(reader, writer):
        with open(path, "rb") as stream:
            await asyncio.get_running_loop().sendfile(writer.transport, stream)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    data = await reader.read()
    writer.close()
    server.close()
    return short(data)


@scenario
def threads():
    for path in FILES.values():
        whole = path.read_bytes()
        with open(path, "rb", buffering=0) as stream:
            step = len(whole) // 50
            with ThreadPoolExecutor(8) as pool:
                file = stream.fileno()
                parts = list(pool.map(lambda n: os.pread(file, step, n * step), range(51)))
            print(b"".join(parts) == whole)
            # Those who share a place share out the file.
            with ThreadPoolExecutor(8) as pool:
                parts = list(pool.map(lambda _: os.read(file, step), range(60)))
            print(sum(map(len, parts)) == len(whole))
    paths = list(FILES.values()) * 40
    with ThreadPoolExecutor(8) as pool:
        print(len({short(data) for data in pool.map(Path.read_bytes, paths)}))


@scenario
def streams():
    """FILE streams of C."""
    c = ctypes.CDLL(None, use_errno=True)
    c.fopen.restype = c.fdopen.restype = c.freopen.restype = ctypes.c_void_p
    c.ftello.restype = ctypes.c_long
    buffer = ctypes.create_string_buffer(1 << 22)

    def read(stream, size):
        count = c.fread(buffer, ctypes.c_size_t(1), ctypes.c_size_t(size), stream)
        return short(buffer.raw[:count])

    for path in FILES.values():
        with open(path, "rb", buffering=0) as stream:
            file, number, size = stream.fileno(), ctypes.c_long, ctypes.c_size_t
            stream.read(1)
            count = c.syscall(number(0), file, buffer, size(100))
            print("read by number", short(buffer.raw[:count]), stream.tell())
            count = c.syscall(number(17), file, buffer, size(100), number(50))
            print("pread by number", short(buffer.raw[:count]), stream.tell())
            copy = os.memfd_create("copy")
            count = c.syscall(number(40), copy, file, None, size(100))
            print("sendfile by number", short(os.pread(copy, 200, 0)[:count]), stream.tell())
            os.close(copy)
        stream = ctypes.c_void_p(c.fopen(os.fsencode(path), b"rb"))
        print(read(stream, 10), c.getc(stream), c.ungetc(65, stream), c.getc(stream), c.ftello(stream))
        print(read(stream, 1 << 22), c.feof(stream), c.ferror(stream), c.getc(stream))
        c.rewind(stream)
        print(c.getc(stream), c.feof(stream), c.fseeko(stream, ctypes.c_long(-9), 2), read(stream, 99))
        c.setvbuf(stream, None, 2, ctypes.c_size_t(0))
        print(c.fseeko(stream, ctypes.c_long(11), 0), c.getc(stream), c.ftello(stream), read(stream, 5))
        stream = ctypes.c_void_p(c.freopen(os.fsencode(FILES["large.bin"]), b"r", stream))
        print(read(stream, 1 << 22), c.fclose(stream))
        file = os.open(path, os.O_RDONLY)
        stream = ctypes.c_void_p(c.fdopen(file, b"r"))
        lines = [c.fgets(buffer, len(buffer), stream) and len(buffer.value) for _ in range(3)]
        print([bool(line) for line in lines], c.fclose(stream))


@scenario
def cxx():
    """A library in C++ that is linked in."""
    library = ctypes.CDLL("libreader.so")
    for name in ("sum_of_stream", "size_of_stream", "sum_of_file", "sum_of_mapping"):
        function = getattr(library, name)
        function.restype = ctypes.c_uint64
        print(name, [function(os.fsencode(path)) for path in FILES.values()])


@scenario
def libraries():
    import numpy
    from PIL import Image

    database = sqlite3.connect(f"file:{FOLDER}/big.sqlite3?immutable=1", uri=True)
    database.execute("pragma mmap_size=100000000")
    print("sqlite", database.execute("select count(*), sum(length(text)) from texts").fetchone())
    plain = sqlite3.connect(f"file:{FOLDER}/big.sqlite3?mode=ro", uri=True)
    print("sqlite", plain.execute("select count(*) from texts").fetchone())
    with zipfile.ZipFile(FOLDER / "big.zip") as archive:
        print("zipfile", [(one.filename, short(archive.read(one))) for one in archive.infolist()])
    with tarfile.open(FOLDER / "big.tar") as archive:
        print("tarfile", [short(archive.extractfile(one).read()) for one in archive])
    rows = numpy.memmap(FILES["large.bin"], dtype="<u4", mode="r", offset=4096, shape=(1000,))
    print("memmap", int(rows.astype("u8").sum()))
    print("load", int(numpy.load(FOLDER / "big.npy", mmap_mode="r").sum()))
    print("fromfile", int(numpy.fromfile(FILES["large.bin"], "u1").astype("u8").sum()))
    with Image.open(FOLDER / "big.png") as picture:
        print("pillow", picture.size, picture.getpixel((3, 4)))


def hold():
    """Keep a file open until stdin ends."""
    with open(INSIDE / sys.argv[2], "rb") as stream:
        stream.read(100)
        print(stream.fileno())
        sys.stdin.read()


def real_inode(file):
    """What the kernel says, of which `fstat` is not the whole."""
    words = Path(f"/proc/self/fdinfo/{file}").read_text().split()
    return words[words.index("ino:") + 1]


def copies():
    for name in FILES:
        streams = [open(INSIDE / name, "rb") for _ in range(5)]
        streams[0].close()
        streams += [open(INSIDE / name, "rb") for _ in range(5)]
        print(name, len({real_inode(stream.fileno()) for stream in streams[1:]}))


def inherited():
    program = "import os, sys; print(os.fstat(0) == os.stat(sys.argv[1]))"
    for name in FILES:
        with open(INSIDE / name, "rb") as stream:
            argv = [sys.executable, "-c", program, str(INSIDE / name)]
            print(name, subprocess.run(argv, stdin=stream, capture_output=True, text=True).stdout.strip())


def places():
    for name in FILES:
        with open(INSIDE / name, "rb") as stream:
            file = stream.fileno()
            shown = os.readlink(f"/proc/self/fd/{file}")
            mode = fcntl.fcntl(stream, fcntl.F_GETFL) & os.O_ACCMODE
            same = os.fstat(file) == os.stat(INSIDE / name)
            with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as mapped:
                equal = mapped[:] == stream.read()
            print(shown, mode, same, equal, failure(os.write, file, b"x") == "EBADF")


def errors():
    for name in FILES:
        print(name, failure(open, INSIDE / name))


def descriptors():
    """One free descriptor is enough for a file, and none is too few."""
    import resource

    lowest = os.dup(0)
    os.close(lowest)
    for name in FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, 4096))
        with open(INSIDE / name, "rb") as stream:
            stream.read()
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, 4096))
            print(name, 1, failure(open, INSIDE / name))
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


KINDS = {"shared": fcntl.LOCK_SH, "exclusive": fcntl.LOCK_EX}


def lock():
    with open(INSIDE / sys.argv[2]) as stream:
        fcntl.flock(stream, KINDS[sys.argv[3]])
        print("locked")
        sys.stdin.read()


def try_lock():
    for name, kind in KINDS.items():
        with open(INSIDE / sys.argv[2]) as stream:
            busy = failure(fcntl.flock, stream, kind | fcntl.LOCK_NB)
            print("busy" if busy == "EAGAIN" else "free", name)


def wait_lock():
    with open(INSIDE / sys.argv[2]) as stream:
        print("waiting")
        fcntl.flock(stream, fcntl.LOCK_EX)
        print("locked")


def interrupted_lock():
    def stop(*_):
        raise TimeoutError(errno.ETIMEDOUT, "interrupted")

    signal.signal(signal.SIGUSR1, stop)
    with open(INSIDE / sys.argv[2]) as stream:
        print("waiting")
        print(failure(fcntl.flock, stream, fcntl.LOCK_EX))


def opened_again():
    """A descriptor that is opened once more by C code shows no other program an empty file."""
    for name in FILES:
        with open(INSIDE / name, "rb") as stream:
            again = LIBC.open(f"/dev/fd/{stream.fileno()}".encode(), os.O_RDONLY)
            argv = ["head", "-c", "4", f"/dev/fd/{again}"]
            shown = subprocess.run(argv, close_fds=False, capture_output=True, check=False).stdout
            print(name, shown in (b"", stream.read(4)), os.read(again, 4) == os.pread(again, 4, 0))


def standard_stream():
    """A file that gets the number of a standard stream is closed on exec if that was asked for."""
    for name in FILES:
        for flag in (0, os.O_CLOEXEC):
            # Not by `os.open`, which asks for it always.
            os.close(0)
            file = LIBC.open(os.fsencode(INSIDE / name), os.O_RDONLY | flag)
            print(name, file, os.get_inheritable(file))


def instance():
    with open(__file__) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("busy")
        else:
            print("locked")
        sys.stdin.read()


def archive():
    for name in FILES:
        with zipfile.ZipFile(io.BytesIO(), "w") as archive:
            archive.write(INSIDE / name)
            print(archive.infolist()[0].date_time >= (1980, 1, 2))


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    (SCENARIOS.get(sys.argv[1]) or globals()[sys.argv[1]])()
