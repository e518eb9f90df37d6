# /// script
# [tool.obelisk]
# data = ["texts/*"]
# ///
"""Reads files and modules whose contents share frames with others, in each way there is."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import shared_modules.first
import shared_modules.second

TEXTS = Path(__file__).parent / "texts"


def contents():
    return {path.name: path.read_bytes() for path in sorted(TEXTS.iterdir())}


def are_right(found):
    names = {name for name in found if name.endswith(".txt")}
    return len(names) == 60 and all(
        found[name] == f"text {name}\n".encode() * (50 + int(name[:2])) for name in names
    )


def read():
    print(are_right(contents()))


def threads():
    found = []
    many = [threading.Thread(target=lambda: found.append(are_right(contents()))) for _ in range(8)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    print(found == [True] * 8)


def fork():
    contents()
    for _ in range(3):
        child = os.fork()
        if child == 0:
            os._exit(0 if are_right(contents()) else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def programs():
    """Executed by children of vfork and of posix_spawn, also while threads read."""
    tool = TEXTS / "tool"
    stopped = threading.Event()

    def reads():
        while not stopped.is_set():
            contents()

    thread = threading.Thread(target=reads)
    thread.start()
    for _ in range(5):
        subprocess.run([tool, "spawned"], check=True)
    child = os.posix_spawn(tool, [tool, "by posix_spawn"], os.environ)
    os.waitpid(child, 0)
    stopped.set()
    thread.join()


def failure():
    shared_modules.second.fails()


def deferred():
    """No training run called these."""
    print(shared_modules.first.answer(), shared_modules.second.answer())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        {
            "read": read,
            "threads": threads,
            "fork": fork,
            "programs": programs,
            "failure": failure,
            "deferred": deferred,
        }[name]()
        sys.stdout.flush()
