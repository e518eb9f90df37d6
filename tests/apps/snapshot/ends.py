"""Leaves files, streams and connections open at its end; each action does it in another way."""

import bz2
import codecs
import collections
import functools
import gc
import io
import lzma
import os
import shelve
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import zipfile

import ends_held

HELD = ends_held.Holder()


def opened(name="file", mode="w"):
    file = open(name, mode)  # noqa: SIM115
    file.write("written" if "b" not in mode else b"written")
    return file


def plain():
    globals()["FILE"] = opened()


def collected():
    globals()["FILE"] = opened()
    gc.collect()


def many():
    globals()["FILE"] = opened()
    globals()["SEEN"] = seen = collections.defaultdict(list)
    for line in range(30000):
        seen[line % 2000].append([line])
        print("line", line, file=FILE)  # noqa: F821


def in_container():
    globals()["FILES"] = {"a": [opened(), opened("other", "wb")]}


def in_class_of_snapshot():
    ends_held.Holder.file = opened()
    gc.collect()


def in_object_of_snapshot():
    HELD.file = opened()
    ends_held.LIST.append(opened("other"))
    gc.collect()


def in_sys():
    sys.file = opened()


def in_cache():
    functools.cache(opened)()
    ends_held.cached().write("written")


def in_generator():
    def generator():
        file = opened()
        yield file

    globals()["GENERATOR"] = generator()
    next(GENERATOR)  # noqa: F821


def in_frame_of_exception():
    file = opened()
    raise KeyError(file.name)


def in_frame_of_exit():
    file = opened()
    sys.exit(len(file.name))


def compressed():
    for number, module in enumerate((bz2, lzma)):  # gzip of 3.14 loses it
        file = globals()[f"FILE{number}"] = module.open(f"file{number}", "wt")
        file.write("written")


def archived():
    globals()["FILE"] = file = zipfile.ZipFile("file.zip", "w")
    file.writestr(zipfile.ZipInfo("a"), "b")


def wrapped():
    globals()["WRITER"] = ends_held.Writer(opened())
    WRITER.write("more")  # noqa: F821
    ends_held.Holder.file = writer = ends_held.Writer(opened("other"))
    writer.write("more")
    HELD.file = ends_held.Writer(io.TextIOWrapper(opened("raw", "wb")))


def databases():
    globals()["DATABASE"] = database = sqlite3.connect("database")
    database.execute("create table numbers (number)")
    database.execute("insert into numbers values (1)")
    globals()["SHELF"] = shelf = shelve.open("shelf")
    shelf["a"] = 1


def in_object_of_snapshot_database():
    HELD.database = database = sqlite3.connect("database")
    database.execute("pragma journal_mode = wal")
    database.execute("create table numbers (number)")
    database.commit()


def temporary():
    globals()["FOLDER"] = folder = tempfile.TemporaryDirectory(dir=".")
    globals()["FILE"] = opened(f"{folder.name}/inside")


def detached():
    globals()["OUT"] = sys.stdout.detach()
    OUT.write(b"written\n")  # noqa: F821


def detached_and_wrapped():
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8")
    print("written")


def behind_a_codec():
    sys.stdout = codecs.getwriter("utf-8")(sys.stdout.buffer)
    print("written")


def replaced():
    sys.stdout.write("before")
    sys.stdout = io.StringIO()
    print("nowhere")
    sys.__stdout__.write("written")


def replaced_by_a_file():
    sys.stderr = opened()
    raise ValueError("in the file")


def replaced_by_a_full_disk():
    sys.stdout = io.TextIOWrapper(open("/dev/full", "wb", closefd=True))  # noqa: SIM115
    print("nowhere")


def error_to_a_full_disk():
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
    sys.stderr.write("nowhere")


def written_by_a_finalizer():
    class Last:
        def __del__(self):
            print("last")
            FILE.write(" by it")  # noqa: F821

    globals()["LAST"] = Last()
    globals()["FILE"] = opened()


def in_a_thread():
    thread = threading.Thread(target=lambda: globals().update(FILE=opened()))
    thread.start()


def with_a_thread_that_reads():
    read, _ = os.pipe()
    HELD.file = pipe = os.fdopen(read)
    threading.Thread(target=pipe.read, daemon=True).start()


def without_modules():
    sys.modules.clear()


def with_a_signal():
    class Last:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGUSR1)
            os.write(1, b"goes on")

    signal.signal(signal.SIGUSR1, lambda number, frame: os.write(1, b"handled"))
    globals()["LAST"] = Last()


def with_evil_classes():
    class Meta(type):
        def __getattr__(cls, name):
            raise RuntimeError(name)

    class Evil(metaclass=Meta):
        def __del__(self):
            os.write(1, b"evil")

    globals().update(EVIL=Evil(), FILE=opened())


if __name__ == "__main__":
    globals()[sys.argv[1]]()
