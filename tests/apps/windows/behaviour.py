"""What a program may expect of its process on Windows; the tests ask it one question at a time."""

import os
import sys
from pathlib import Path

ROOT = sys.executable


def arguments():
    print(sys.argv[1:])
    print(sys.orig_argv[2:] == sys.argv[2:], sys.argv[0].lower().endswith(".exe"))


def process():
    print(sys.platform, os.name, os.sep)
    print(Path(ROOT).is_file(), ROOT.lower().endswith(".exe"), __file__.startswith(ROOT + "\\"))
    print(sys.flags.isolated, sys.flags.utf8_mode, sys.flags.dont_write_bytecode)
    print(sys.stdout.encoding, sys.getfilesystemencoding())
    print(sys.path[0].startswith(ROOT), any("site-packages" in one for one in sys.path))


def files():
    """The executable's own files, as those of a folder."""
    import json
    import shutil
    import stat
    import tempfile

    package = Path(json.__file__).parent
    print(package.name, package.is_dir(), sorted(path.name for path in package.glob("*.py"))[0])
    text = (package / "decoder.py").read_text()
    print(text.startswith('"""Implementation'), len(text) == (package / "decoder.py").stat().st_size)
    print(stat.S_ISREG(os.stat(json.__file__).st_mode), Path(package / "no").exists())
    print(sorted(os.listdir(package))[:2], os.access(json.__file__, os.R_OK))
    print(os.path.realpath(json.__file__) == json.__file__, Path(json.__file__.upper()).is_file())
    for attempt in (
        lambda: Path(package / "new.txt").open("w"),
        lambda: Path(package / "folder").mkdir(),
        lambda: Path(json.__file__).unlink(),
    ):
        try:
            attempt()
        except OSError as error:
            print(type(error).__name__)
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(json.__file__, Path(folder) / "copy.py")
        print(Path(copy).read_bytes() == Path(json.__file__).read_bytes())


def modules():

    import importlib.resources
    import inspect
    import json
    import linecache
    import pkgutil
    import traceback
    import zoneinfo

    print(inspect.getsource(json.dumps).startswith("def dumps"))
    print(linecache.getline(json.__file__, 1).startswith("r"), json.__spec__.loader is not None)
    found = {one.name for one in pkgutil.iter_modules(json.__path__)}
    print(sorted(found))
    print((importlib.resources.files("json") / "decoder.py").is_file())
    print(zoneinfo.ZoneInfo("Europe/Berlin").key, len(zoneinfo.available_timezones()) > 400)
    try:
        json.loads("{")
    except ValueError:
        print("json.loads" in traceback.format_exc() or "decoder.py" in traceback.format_exc())


def extensions():
    failed = []
    for name in sorted(sys.builtin_module_names):
        try:
            __import__(name)
        except ImportError as error:
            failed.append(f"{name}: {error}")
    print("extension modules:", "all imported" if not failed else failed)


def libraries():
    """Every library that is linked in, at work."""
    import bz2
    import ctypes
    import decimal
    import hashlib
    import lzma
    import sqlite3
    import ssl
    import uuid
    import xml.parsers.expat
    import zlib

    for library in (bz2, lzma, zlib):
        assert library.decompress(library.compress(b"x" * 1000)) == b"x" * 1000
    print("sqlite", sqlite3.connect(":memory:").execute("select 1 + 1").fetchone())
    print("ssl", ssl.OPENSSL_VERSION.split()[0], len(ssl.create_default_context().get_ca_certs()) > 9)
    print("hash", hashlib.sha3_256(b"").hexdigest()[:8], hashlib.new("ripemd160").digest_size)
    print("decimal", decimal.Decimal(1) / 7)
    numbers = (ctypes.c_int * 4)(3, 1, 4, 2)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)
    order = compare(lambda one, other: one[0] - other[0])
    ctypes.cdll.msvcrt.qsort(numbers, 4, 4, order)
    print("ctypes", list(numbers), ctypes.windll.kernel32.GetCurrentProcessId() == os.getpid())
    print("uuid", uuid.uuid1().version, "expat", xml.parsers.expat.EXPAT_VERSION.split("_")[0])


def processes():
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.argv, sys.flags.utf8_mode)", "ä b", 'q"'],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    print(done.stdout.strip())
    done = subprocess.run([sys.executable, "-m", "json.tool"], input=b"[1]", capture_output=True)
    print(done.stdout.split())
    print(subprocess.run([sys.executable, "-c", "import sys; sys.exit(5)"]).returncode)


def square(number):
    return number * number


def parallel():
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    print(multiprocessing.get_all_start_methods())
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, [1, 2, 3]))
    with ProcessPoolExecutor(2) as executor:
        print(executor.submit(square, 4).result())
    queue = multiprocessing.Queue()
    worker = multiprocessing.Process(target=queue.put, args=("stone",))
    worker.start()
    print(queue.get(timeout=60))
    worker.join()


def asynchronous():
    import asyncio

    async def talk():
        async def answer(reader, writer):
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        print((await reader.readline()).decode().strip(), type(asyncio.get_running_loop()).__name__)
        writer.close()
        server.close()

    asyncio.run(talk())


def streams():
    print(input())
    print("ä€😀")
    print("to stderr", file=sys.stderr)


def paths():
    """A path of more than 260 characters, and one that is not ASCII."""
    folder = Path(os.environ["SCRATCH"])
    long = folder.joinpath(*["a" * 60] * 5)
    Path(long).mkdir(parents=True)
    (long / "ä€.txt").write_text("long", encoding="utf-8")
    print(len(str(long)) > 300, (long / "ä€.txt").read_text(), os.listdir(long))


def status():
    sys.exit(42)


def waits():
    """Until ctrl-C, which it catches when it is asked to."""
    import time

    print("ready", flush=True)
    try:
        while True:
            time.sleep(0.1)
    except KeyboardInterrupt:
        if sys.argv[2] == "raise":
            raise
        print("interrupted")


def console():
    """Ctrl-C, by another process in the same console."""
    import ctypes
    import signal
    import subprocess

    if len(sys.argv) == 2:
        more = {"creationflags": subprocess.CREATE_NO_WINDOW, "check": True, "text": True}
        again = [sys.executable, "console", "inside"]
        print(subprocess.run(again, capture_output=True, **more).stdout.strip())
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for how in ("catch", "raise"):
        started = subprocess.Popen([sys.executable, "waits", how], stdout=-1, stderr=-1, text=True)
        started.stdout.readline()
        ctypes.windll.kernel32.GenerateConsoleCtrlEvent(signal.CTRL_C_EVENT, 0)
        out, err = started.communicate(timeout=60)
        print(hex(started.returncode), *out.split(), *err.split()[-1:], flush=True)


def fails():
    raise RuntimeError("as it must")


def environment():
    import sysconfig

    print(os.environ.get("ANSWER"), sysconfig.get_platform())
    print([name for name in ("PYTHONPATH", "PYTHONHOME") if name in os.environ], sys.path_hooks != [])


if __name__ == "__main__":
    globals()[sys.argv[1]]()
