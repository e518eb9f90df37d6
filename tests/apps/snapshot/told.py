"""What a program finds of its process; each action prints some of it.

Everything at the top of this module is in the snapshot, and the actions run in another process.
"""

import atexit
import ctypes
import faulthandler
import gc
import json
import locale
import logging
import multiprocessing
import multiprocessing.process
import multiprocessing.spawn
import os
import platform
import random
import resource
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import traceback
import tracemalloc
import types
import uuid
import weakref

import told_objects

GENERATOR = random.Random()
LOCK = threading.Lock()
LOCK.acquire()
TABLE = {"a": 1, ("b", 2): 3, None: 4}
BY_ID = {id(TABLE): "found"}
FORKED = []
CALLED = []
os.environ["TOLD_SET"] = "by the module"
os.environ.pop("TOLD_REMOVED", None)
os.register_at_fork(after_in_child=lambda: FORKED.append("child"))
signal.signal(signal.SIGUSR1, lambda number, frame: CALLED.append(number))
faulthandler.enable()
atexit.register(lambda: print("atexit", sys.stdout is not None))
LISTED = sorted(os.listdir(os.path.dirname(json.__file__)))
HANDLER = logging.StreamHandler(sys.stdout)
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
CALLBACK = COMPARE(lambda value: value + 1)
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


REFERENCE = weakref.ref(told_objects.SOON)
FINALIZER = weakref.finalize(told_objects.LAST, lambda: None)


def status():
    """Fields of /proc/self/status."""
    with open("/proc/self/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def variables_of_c():
    """What a program is given, but for what makes it a child of this one."""
    lines = subprocess.check_output(["/usr/bin/env"], text=True).splitlines()
    return sorted(line for line in lines if not line.startswith("OBELISK_"))


def process():
    umask = os.umask(0)
    os.umask(umask)
    CONTEXT.load_default_certs()
    return {
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "executable": sys.executable,
        "base executable": sys._base_executable,
        "flags": str(sys.flags),
        "cwd": os.getcwd(),
        "umask": umask,
        "environ": dict(sorted(os.environ.items())),
        "environ of C": variables_of_c(),
        "pid": os.getpid() == int(status()["Pid"]),
        "ppid": os.getppid() == int(status()["PPid"]),
        "thread": threading.main_thread().native_id == threading.get_native_id() == os.getpid(),
        "ident": threading.main_thread().ident == threading.get_ident(),
        "threads": len(threading.enumerate()),
        "host": [socket.gethostname(), platform.node() == os.uname().nodename],
        "processors": [os.cpu_count(), os.process_cpu_count()],
        "limits": [resource.getrlimit(n) for n in range(16)],
        "time zone": [time.tzname, time.timezone, time.localtime(0).tm_hour],
        "locale": locale.setlocale(locale.LC_CTYPE),
        "locales": locale.setlocale(locale.LC_ALL),
        "spawned by": os.fsdecode(multiprocessing.spawn.get_executable()),
        "original directory": multiprocessing.process.ORIGINAL_DIR,
        "built beside": sysconfig.get_config_var("projectbase"),
        "temporary": tempfile.gettempdir(),
        "main": [sys.modules["__main__"].__name__, sys.modules["__main__"].__spec__ is None],
        "file": os.path.basename(__file__),
        "kept": [LOCK.locked(), TABLE[None], BY_ID[id(TABLE)], hash("a") == hash("".join(["a"]))],
        "callback": CALLBACK(41),
        "certificates": len(CONTEXT.get_ca_certs()) > 0,
        "fork hooks": FORKED,
        "listed": LISTED,
        "kinds": [types.ModuleType is type(sys) is type(json), type(os.register_at_fork).__name__],
        "gc": [gc.isenabled(), gc.get_threshold()],
        "traces": tracemalloc.is_tracing(),
    }


def streams():
    found = {}
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        assert getattr(sys, f"__{name}__") is stream
        found[name] = stream and {
            "settings": [stream.encoding, stream.errors, stream.line_buffering],
            "writes through": stream.write_through,
            "terminal": stream.isatty(),
            "names": [stream.name, stream.buffer.name, stream.mode, stream.buffer.mode],
            "number": stream.fileno(),
            "kinds": [type(stream.buffer).__name__, type(stream.buffer.raw).__name__],
            "block": stream.buffer.raw._blksize,
            "seeks": stream.seekable(),
            "closes": stream.buffer.raw.closefd,
        }
    return found


def signals():
    words = status()
    return {
        "handlers": {n: str(signal.getsignal(n)).split(" at ")[0] for n in signal.valid_signals()},
        "kernel": [words[name] for name in ("SigBlk", "SigIgn", "SigCgt")],
        "faults": faulthandler.is_enabled(),
    }


def draws():
    """What is to be another in each process."""
    return {
        "random": random.random(),
        "generator": GENERATOR.random(),
        "secret": secrets.token_hex(8),
        "system": os.urandom(8).hex(),
        "ssl": ssl.RAND_bytes(8).hex(),
        "uuid": str(uuid.uuid4()),
        "timed uuid": str(uuid.uuid1()),
        "name": next(tempfile._get_candidate_names()),
        "authkey": multiprocessing.current_process().authkey.hex(),
    }


def clocks():
    record = logging.LogRecord("name", 20, "path", 1, "text", None, None)
    with open("/proc/uptime") as file:
        up = float(file.read().split()[0])
    return {
        "logging": 0 <= record.relativeCreated < 60000,
        "time": abs(time.time() - os.stat("/proc/self").st_ctime) < 60,
        "monotonic": abs(time.monotonic() - up) < 60,
        "processor": time.process_time() < 60,
    }


def child(connection):
    connection.send([multiprocessing.current_process().name, FORKED, os.getppid()])


def methods():
    """A child by each start method of multiprocessing."""
    found = {}
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        here, there = context.Pipe()
        process = context.Process(target=child, args=(there,))
        process.start()
        name, forked, parent = here.recv()
        process.join()
        is_direct = parent == os.getpid()
        found[method] = [name.split("-")[0], forked, is_direct, process.exitcode]
    return found


def finalizers():
    told_objects.SOON = None
    return {"gone": REFERENCE() is None, "alive": FINALIZER.alive}


def interpreters_left():
    """Interpreters that nobody closes, of which one has no object whose finalizer does."""
    from concurrent import interpreters

    global LEFT  # the module's end is what ends it
    LEFT = interpreters.create()
    LEFT.exec("print('inside')")
    if "all" in sys.argv:
        import _interpreters

        _interpreters.create(reqrefs=False)


def handled():
    os.kill(os.getpid(), signal.SIGUSR1)
    return CALLED


def raises():
    raise ValueError("told")


def interrupted():
    print("waiting", flush=True)
    time.sleep(60)


def crashes():
    ctypes.string_at(0)


def exits():
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    sys.exit(int(sys.argv[2]))


def message():
    sys.exit("a last word")


def stdin():
    return [line.rstrip("\n") for line in sys.stdin]


def logs():
    logger = logging.getLogger("told")
    logger.addHandler(HANDLER)
    logger.warning("logged")


def deep():
    def down(depth):
        return depth and down(depth - 1) + 1

    sys.setrecursionlimit(20000)
    try:
        return down(15000)
    except RecursionError:
        return traceback.format_exc().splitlines()[-1]


def main():
    result = globals()[sys.argv[1]]()
    if result is not None:
        print(json.dumps(result, indent=1, default=str))
