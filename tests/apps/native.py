# /// script
# [tool.obelisk]
# native-libraries = ["*.so"]
# data = ["message.txt"]
# unbuffered = true
# ///
"""Shared objects of the tests' own, by ctypes; tests/native has their source."""

import ctypes
import ctypes.util
import errno
import os
import sqlite3
import sys
import tempfile
import threading

MODELS = ("global-dynamic", "local-dynamic", "initial-exec", "descriptors")
PR_SET_MDWE = 65


def text_of(call, *arguments):
    buffer = ctypes.create_string_buffer(1000)
    assert call(*arguments, buffer, len(buffer)) > 0
    return buffer.value.decode()


def in_threads(function, count=3):
    results = []
    threads = [threading.Thread(target=lambda: results.append(function())) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


def thread_local():
    waiting, go = [], threading.Event()

    def old_thread():
        go.wait()
        waiting.append([ctypes.CDLL(f"tls-{model}.so").count() for model in MODELS])

    early = threading.Thread(target=old_thread)
    early.start()
    for model in MODELS:
        library = ctypes.CDLL(f"tls-{model}.so")
        library.sum.restype = ctypes.c_long
        library.pointed.restype = ctypes.c_char_p
        numbers = [library.count(), library.count(), *in_threads(library.count)]
        sums = [library.sum(), *in_threads(library.sum)]
        array = (ctypes.c_long * 4).in_dll(library, "visible")
        print(model, numbers, sums, list(array), library.pointed().decode())
    go.set()
    early.join()
    print("a thread from before", waiting[0])
    child = os.fork()
    if child == 0:
        numbers = [ctypes.CDLL(f"tls-{model}.so").count() for model in MODELS]
        os._exit(0 if numbers == [46] * 4 else 1)
    print("after fork", os.waitpid(child, 0)[1])


class Headers(ctypes.Structure):
    """The beginning of struct dl_phdr_info."""

    _fields_ = (("address", ctypes.c_void_p), ("name", ctypes.c_char_p))


def loaded():
    """What is loaded, by the names that dl_iterate_phdr gives."""
    names = []

    def add(headers, size, data):
        names.append(os.fsdecode(headers.contents.name))
        return 0

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Headers), ctypes.c_size_t, ctypes.c_void_p)
    ctypes.CDLL(None).dl_iterate_phdr(kind(add), None)
    assert names == getattr(ctypes.util, "dllist", lambda: names)()  # of Python 3.14
    return [name for name in names if name]


def life():
    print("opening")
    high = ctypes.CDLL("libhigh.so", mode=os.RTLD_GLOBAL)
    print("paths", *sorted(name.replace(sys.executable, "EXE") for name in loaded()))
    ctypes.CDLL("libhigh.so")
    print("which", high.which(), high.other_which())
    print("malloc", high.malloc_is_libcs())
    print("name", text_of(high.own_name).replace(sys.executable, "EXE"))
    low = ctypes.c_void_p(ctypes.CDLL("liblow.so")._handle)
    print("described", text_of(high.described, low).replace(sys.executable, "EXE"))
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, "link")
        os.symlink(sys.executable, link)
        os.chdir(os.path.dirname(sys.executable))
        names = (sys.executable, os.path.basename(sys.executable), link)
        paths = [f"{name}/.obelisk/lib/liblow.so" for name in names]
        print("by path", *(ctypes.CDLL(path)._handle == low.value for path in paths))
    print("listed", high.listed(b"libhigh"), high.listed(b"liblow"), high.listed(b"nothing"))
    print("file", chr(high.first_byte(os.fsencode(os.path.join(sys.executable, "message.txt")))))
    high.aligned.restype = ctypes.c_void_p
    memory = high.aligned(1 << 16)
    libc = ctypes.CDLL(None)
    libc.free.argtypes = [ctypes.c_void_p]
    libc.free(memory)
    print("aligned", memory % 64)
    print("global", libc.which(), ctypes.CDLL("liblow.so").which())


def extension():
    """An extension of SQLite, by its path and by its name."""
    for name in (f"{sys.executable}/.obelisk/lib/libtwice", "libtwice.so"):
        connection = sqlite3.connect(":memory:")
        try:
            connection.execute("SELECT load_extension(?)", (name,))
        except sqlite3.OperationalError as error:
            print(error)
        connection.enable_load_extension(True)
        connection.load_extension(name)
        print(connection.execute("SELECT twice(21)").fetchone())
    try:
        connection.load_extension("libmissing")
    except sqlite3.OperationalError as error:
        print(str(error).partition(" (")[0])


def exceptions():
    catcher = ctypes.CDLL("libcatcher.so")
    for kind in (1, 2, 3):
        print(text_of(catcher.catch_error, kind))
    print("threads", catcher.catch_in_threads(4))
    word = ctypes.create_string_buffer(20)
    path = os.fsencode(os.path.join(sys.executable, "message.txt"))
    lines = catcher.read_file(path, word, ctypes.c_size_t(20))
    print("stream", word.value.decode(), lines)


def zeros():
    """Eight megabytes that the file does not have."""
    library = ctypes.CDLL("libzeros.so")
    library.zeros_sum.restype = ctypes.c_long
    before = library.zeros_sum()
    library.zeros_fill()
    print("zeros", before, library.zeros_sum())


def libc():
    print(ctypes.util.find_library("c"), ctypes.util.find_library("high"))
    print(ctypes.util.find_library("nothing"))
    for name in (None, "libc.so.6", "libc.so", "libm.so.6", "/lib/ld-musl-x86_64.so.1"):
        assert ctypes.CDLL(name).getpid() == os.getpid(), name
    print("python", ctypes.pythonapi.PyLong_AsLong(ctypes.py_object(42)))
    compare = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    ctypes.CDLL(None).qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
    print("callback", list(numbers))
    for missing in ("libmissing.so", "/usr/lib/libm-missing.so.2"):
        try:
            ctypes.CDLL(missing)
        except OSError as error:
            print(error)
    try:
        _ = ctypes.CDLL("libhigh.so").not_there
    except AttributeError as error:
        print(error)


def again():
    """Open each library a second time when the first was refused, and use it."""
    for name in ("libhigh.so", "libcatcher.so", *(f"tls-{model}.so" for model in MODELS)):
        try:
            ctypes.CDLL(name)
        except OSError as error:
            print(error, file=sys.stderr)
            ctypes.CDLL(name)
    print("which", ctypes.CDLL("libhigh.so").which(), ctypes.CDLL("liblow.so").which())
    print(text_of(ctypes.CDLL("libcatcher.so").catch_error, 1))
    print([ctypes.CDLL(f"tls-{model}.so").count() for model in MODELS])


def read():
    try:
        with open(os.path.join(sys.executable, "message.txt")) as stream:
            print(stream.read(), end="")
    except OSError as error:
        print(errno.errorcode[error.errno])


def mappings():
    """What is mapped to be run; nothing may be written to and run."""
    with open("/proc/self/maps") as stream:
        for line in stream:
            rights, path = line.split()[1], line.split()[-1]
            if "x" in rights and path not in ("[vdso]", "[vsyscall]"):
                assert path == sys.executable, line
                assert "w" not in rights, line


def deny():
    """Refuse memory that is written to and run, as some systems do, and use everything then."""
    assert ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0
    libc()
    thread_local()
    exceptions()
    mappings()
    print("denied")


for name in sys.argv[1:]:
    globals()[name]()
