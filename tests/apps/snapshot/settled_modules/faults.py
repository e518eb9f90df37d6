"""Tracebacks at signals: of one thread alone, at one signal besides the usual ones."""

import faulthandler
import os
import signal
import sys
import threading

faulthandler.enable(all_threads=False)
faulthandler.register(signal.SIGUSR2, all_threads=False)


def show():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    os.kill(os.getpid(), signal.SIGUSR2)
    print("goes on", flush=True)
    if len(sys.argv) > 2:
        faulthandler._stack_overflow()  # the handler needs a stack of its own
    os.kill(os.getpid(), signal.SIGSEGV)
