"""A handler in C, of which Python knows nothing, and one that interrupts system calls."""

import ctypes
import os
import signal

LIBC = ctypes.CDLL(None)
LIBC.signal(signal.SIGUSR1, LIBC._exit)
signal.signal(signal.SIGWINCH, lambda number, frame: None)
signal.siginterrupt(signal.SIGWINCH, True)


def show():
    with open("/proc/self/status") as file:
        print(next(line for line in file if line.startswith("SigCgt")))
    action = (ctypes.c_ulong * 32)()
    LIBC.sigaction(signal.SIGWINCH, None, action)
    print(hex(action[17] & 0xFFFFFFFF), flush=True)
    os.kill(os.getpid(), signal.SIGUSR1)
