# /// script
# [tool.obelisk]
# data = ["*.bin"]
# ///
"""A little of what is done with open files, so that a refused system call has something to hit."""

# expect: small 2000 True
# expect: large 1200000 True
# expect: mapped True
# expect: locked busy
# expect: sent 1000
# expect: child True

import fcntl
import mmap
import os
import socket
from pathlib import Path

HERE = Path(__file__).parent


def is_whole(data):
    return data == bytes(range(250)) * (len(data) // 250)


def main():
    small = (HERE / "small.bin").read_bytes()
    print("small", len(small), is_whole(small), flush=True)
    with open(HERE / "large.bin", "rb", buffering=0) as one, open(HERE / "large.bin", "rb") as two:
        data = b"".join(iter(lambda: one.read(100_000), b""))
        print("large", len(data), is_whole(data), flush=True)
        with mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            print("mapped", is_whole(mapped[:]), flush=True)
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("locked busy", flush=True)
        sender, receiver = socket.socketpair()
        count = os.sendfile(sender.fileno(), one.fileno(), 0, 1000)
        whole = is_whole(receiver.recv(count, socket.MSG_WAITALL))
        print("sent", count if whole else "something else", flush=True)
        child = os.fork()
        if child == 0:
            os.dup2(two.fileno(), 0)
            with open(0, "rb", closefd=False) as stream:
                os._exit(not is_whole(stream.read()))
        print("child", os.waitpid(child, 0)[1] == 0, flush=True)


main()
